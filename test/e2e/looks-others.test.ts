import { testLooks } from '../support/looks.ts';

testLooks(/^(?!(home|destinations|history|activity)-)/);
