import { testKilled } from './suite.js'

testKilled('classic')
