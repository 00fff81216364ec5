import { testKilled } from './suite.js'

testKilled('rxon')
