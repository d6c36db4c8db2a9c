/** Who judged a photo: a model, or a pipeline of several. */

/** A model by name and version. */
export interface NamedModel {
  readonly name: string;
  readonly version: string;
}

export interface JudgedBy extends NamedModel {
  /** Of a pipeline: the models that looked at the photo, in order. Absent: it is one model. */
  readonly steps?: readonly NamedModel[];
}

/** What a message says of it, as plain data. */
export function judgedBy(model: JudgedBy | undefined): JudgedBy {
  const { name = '', version = '', steps = [] } = model ?? {};
  return { name, version, ...(steps.length === 0 ? {} : { steps: steps.map(named) }) };
}

/** The same for a message that is to be made: with steps of its own. */
export function judgedByInit(model: JudgedBy | undefined) {
  const { name = '', version = '', steps = [] } = model ?? {};
  return { name, version, steps: steps.map(named) };
}

export function isSameJudge(left: JudgedBy, right: JudgedBy): boolean {
  const [steps, others] = [left.steps ?? [], right.steps ?? []];
  return isSame(left, right) && steps.length === others.length && startsWith(steps, others);
}

/** Whether the longer list begins with the shorter one, which is the second. */
export function startsWith(steps: readonly NamedModel[], others: readonly NamedModel[]): boolean {
  return others.every((other, index) => steps[index] !== undefined && isSame(steps[index], other));
}

function isSame(left: NamedModel, right: NamedModel): boolean {
  return left.name === right.name && left.version === right.version;
}

function named({ name, version }: NamedModel): NamedModel {
  return { name, version };
}
