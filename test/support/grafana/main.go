// Reads a dashboard from its standard input by the schema of Grafana, strictly: a field that is unknown, missing or of
// another type is an error. Grafana's foundation SDK has the schema.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func main() {
	runtime := cog.NewRuntime()
	runtime.RegisterPanelcfgVariant(stat.VariantConfig())
	runtime.RegisterPanelcfgVariant(table.VariantConfig())
	runtime.RegisterPanelcfgVariant(timeseries.VariantConfig())
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())

	text, err := io.ReadAll(os.Stdin)
	refuse(err)
	var board dashboard.Dashboard
	refuse(board.UnmarshalJSONStrict(text))
	refuse(board.Validate())
	fmt.Printf("%s: %d panels\n", *board.Title, len(board.Panels))
}

// The SDK returns a list without errors as an error.
func refuse(err error) {
	if err == nil || err.Error() == "" {
		return
	}
	fmt.Println(err)
	os.Exit(1)
}
