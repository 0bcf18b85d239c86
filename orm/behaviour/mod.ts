/**
 * Hooks and validators of models.
 *
 * @module
 */
export type { BehaviourOptions } from "./behaviour.ts";
export type {
  Hook,
  HookContext,
  HookName,
  Hooks,
  InsertDraft,
  ModelHooks,
  UpdateDraft,
  WriteOperation,
} from "./hooks.ts";
export { ModelValidationError } from "./model_validation_error.ts";
export type { ModelIssue, ModelValidationBody } from "./model_validation_error.ts";
export type {
  DeleteValidator,
  FoundIssue,
  KnownValues,
  ModelValidator,
  OneOrMany,
  RecordValidator,
  ValidationContext,
} from "./model_validator.ts";
export { notOneOf, oneOf } from "./validators/choice.ts";
export type { Choice } from "./validators/choice.ts";
export { length, maxLength, minLength, notEmpty } from "./validators/length.ts";
export type { Sized } from "./validators/length.ts";
export { each, uniqueItems } from "./validators/list.ts";
export { between, integer, max, min, positive } from "./validators/number.ts";
export type { Amount } from "./validators/number.ts";
export { email, pattern, url, uuid } from "./validators/text.ts";
export type { PatternOptions, UrlOptions } from "./validators/text.ts";
export { future, past } from "./validators/time.ts";
export type { Moment } from "./validators/time.ts";
export { check } from "./validators/validator.ts";
export type {
  AnyFieldValidator,
  FieldValidator,
  Validator,
  ValidatorIssues,
} from "./validators/validator.ts";
