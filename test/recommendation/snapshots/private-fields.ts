/** Looks into objects, private fields included, by the inspector of this very process. */
import inspector from 'node:inspector';

/** All fields of an object by name, private ones with their `#`. */
export type FieldsOf = (object: object) => ReadonlyMap<string, unknown>;

interface PropertyList {
  readonly result: readonly {
    readonly name: string;
    readonly value?: { readonly objectId?: string; readonly value?: unknown };
  }[];
  readonly privateProperties?: PropertyList['result'];
}

/** Runs `work` with a function that reads fields. Values come as they are, not as copies. */
export function withFieldsOf<T>(work: (fieldsOf: FieldsOf) => T): T {
  const session = new inspector.Session();
  session.connect();
  const desk: { object?: object; fields: Map<string, unknown> } = { fields: new Map() };
  const key = Symbol.for('palate.test.privateFields');
  Reflect.set(globalThis, key, desk);
  const post = (method: string, params: object): unknown => {
    let answer: unknown;
    // The session answers before `post` returns: it is of this thread.
    session.post(method, params, (error, result) => {
      if (error !== null) throw new Error(error.message);
      answer = result;
    });
    return answer;
  };
  const place = `globalThis[Symbol.for('palate.test.privateFields')]`;
  const fieldsOf: FieldsOf = (object) => {
    desk.object = object;
    desk.fields = new Map(Object.entries(object));
    const { result } = post('Runtime.evaluate', { expression: `${place}.object`, objectGroup: 'fields' }) as {
      result: { objectId: string };
    };
    const { privateProperties = [] } = post('Runtime.getProperties', {
      objectId: result.objectId,
      ownProperties: true,
    }) as PropertyList;
    for (const { name, value } of privateProperties) {
      if (value === undefined) continue;
      post('Runtime.callFunctionOn', {
        objectId: result.objectId,
        functionDeclaration: `function(name, value) { ${place}.fields.set(name, value); }`,
        arguments: [{ value: name }, value.objectId === undefined ? primitive(value) : { objectId: value.objectId }],
      });
    }
    post('Runtime.releaseObjectGroup', { objectGroup: 'fields' });
    return desk.fields;
  };
  try {
    return work(fieldsOf);
  } finally {
    session.disconnect();
    Reflect.deleteProperty(globalThis, key);
  }
}

function primitive(value: { readonly value?: unknown; readonly unserializableValue?: string }): object {
  return value.unserializableValue === undefined
    ? { value: value.value }
    : { unserializableValue: value.unserializableValue };
}
