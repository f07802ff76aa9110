import type { z } from 'zod';

/** One method of the contract: what goes in and what comes out, both validated at the border. */
export interface Method<In extends z.ZodType, Out extends z.ZodType> {
  readonly input: In;
  readonly output: Out;
}

/** Declares a method; exists so that the types of a contract entry are inferred in one place. */
export function method<In extends z.ZodType, Out extends z.ZodType>(input: In, output: Out): Method<In, Out> {
  return { input, output };
}
