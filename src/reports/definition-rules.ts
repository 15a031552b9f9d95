import { ValidationFailed, type ErrorPlace } from '../common/errors.js';
import type { Definition } from './definition.js';
import { pointerTo } from '../common/json-pointer.js';
import { findPlaceholders } from './definition-placeholders.js';
import { validateParameters } from './parameters/parameter-validation.js';

/** What is wrong with a definition beyond the shape of its fields. A place in the SQL has a line of the SQL. */
export function definitionProblems(definition: Definition): ErrorPlace[] {
  return [...sqlProblems(definition), ...parameterProblems(definition), ...exampleProblems(definition)];
}

function sqlProblems({ sql, parameters }: Definition): ErrorPlace[] {
  if (sql === null) return [];
  const used = findPlaceholders(sql);
  const undeclared = used
    .filter(({ name }) => !Object.hasOwn(parameters, name))
    .map(({ name, line }) => ({ pointer: '/sql', line, detail: `$${name} is not declared in parameters` }));
  const names = new Set(used.map(({ name }) => name));
  const unused = Object.keys(parameters)
    .filter((name) => !names.has(name))
    .map((name) => ({ pointer: pointerTo('parameters', name), detail: `is not used: the SQL has no $${name}` }));
  return [...undeclared, ...unused];
}

function parameterProblems(definition: Definition): ErrorPlace[] {
  return Object.entries(definition.parameters).flatMap(([name, spec]) => {
    if (!('default' in spec) || spec.default === undefined) return [];
    const pointer = pointerTo('parameters', name, 'default');
    if (spec.required === true) return [{ pointer, detail: 'a required parameter cannot have a default' }];
    const alone = { name: definition.name, parameters: { [name]: spec } };
    return places(alone, { [name]: spec.default }).map(({ detail }) => ({ pointer, detail }));
  });
}

function exampleProblems(definition: Definition): ErrorPlace[] {
  return definition.examples.flatMap(({ parameters }, index) => {
    const prefix = pointerTo('examples', index, 'parameters');
    return places(definition, parameters).map(({ pointer = '', detail }) => ({ pointer: prefix + pointer, detail }));
  });
}

function places(definition: Pick<Definition, 'name' | 'parameters'>, body: unknown): readonly ErrorPlace[] {
  try {
    validateParameters(definition, body);
    return [];
  } catch (error) {
    if (error instanceof ValidationFailed) return error.places;
    throw error;
  }
}
