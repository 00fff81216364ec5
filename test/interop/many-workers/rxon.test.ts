import { testManyWorkers } from './suite.js'

testManyWorkers('rxon')
