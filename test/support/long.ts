/** True in the long suite (`npm run test:long`), which takes minutes more and tries everything. */
export const LONG = process.env.TRIPLICATE_LONG === '1';
