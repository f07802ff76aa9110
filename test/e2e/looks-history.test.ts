import { testLooks } from '../support/looks.ts';

testLooks(/^(history|activity)-/);
