import { testManyWorkers } from './suite.js'

testManyWorkers('classic')
