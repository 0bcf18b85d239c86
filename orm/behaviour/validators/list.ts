/**
 * Validators of arrays.
 *
 * @module
 */
import type { ModelIssue } from "../model_validation_error.ts";
import { issuesOfField } from "./field_issues.ts";
import {
  assertFieldValidators,
  check,
  type FieldValidator,
  type Validator,
  type ValidatorIssues,
} from "./validator.ts";

/**
 * Every element that is not null satisfies the validators; their issues' paths hold the element's index. What a schema
 * makes of an element is not taken.
 *
 * @param validators The validators of an element.
 */
export function each<Element>(
  ...validators: readonly FieldValidator<NoInfer<Element>>[]
): Validator<readonly Element[]> {
  assertFieldValidators(validators);
  return {
    issuesOf(elements) {
      const found: ValidatorIssues[] = [];
      const pending: Promise<void>[] = [];
      for (const [index, element] of elements.entries()) {
        if (element === null) continue;
        for (const validator of validators) {
          const place = found.push(undefined) - 1;
          const issues = issuesOfField(validator, element);
          if (issues instanceof Promise) {
            pending.push(issues.then((later) => {
              found[place] = below(index, later);
            }));
          } else found[place] = below(index, issues);
        }
      }
      return pending.length === 0 ? joined(found) : Promise.all(pending).then(() => joined(found));
    },
  };
}

/** No element occurs twice; code `"uniqueItems"`. Elements that print the same are the same. */
export function uniqueItems(): Validator<readonly unknown[]> {
  return check(
    "uniqueItems",
    "must not hold an element twice",
    (elements) => new Set(elements.map(identityOf)).size === elements.length,
  );
}

function identityOf(element: unknown): unknown {
  if (typeof element !== "object" || element === null) return element;
  const bare = (_key: string, value: unknown) => typeof value === "bigint" ? `${value}n` : value;
  return `${Object.prototype.toString.call(element)}${JSON.stringify(element, bare)}`;
}

function below(index: number, issues: ValidatorIssues): ValidatorIssues {
  return issues?.map((issue): ModelIssue => ({ ...issue, path: [index, ...issue.path] }));
}

function joined(found: readonly ValidatorIssues[]): ValidatorIssues {
  const issues = found.flatMap((each) => each ?? []);
  return issues.length === 0 ? undefined : issues;
}
