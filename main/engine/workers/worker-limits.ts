/** A small young generation: what a worker allocates dies at once, and a large one only holds memory. */
export const WORKER_LIMITS = { maxYoungGenerationSizeMb: 8 } as const;
