// Checks requests against their TypeBox schemas: defaults filled in, query and header strings read as what they stand
// for, bodies taken as they are.

import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  return (given: unknown) => {
    const filled = Value.Default(schema, given ?? {});
    const value = httpPart === 'body' ? filled : Value.Convert(schema, filled);
    return validator.Check(value) ? { value } : { error: validator.Errors(value) };
  };
};
