/**
 * Registers resources without the places of the program that did it. Pulumi's SDK reads those from the text of a stack trace
 * and keeps them in the state of each resource: more bytes than all the rest of a small one, with absolute paths of the
 * computer that ran the program last. What is made within still has traces: Node writes their text when it is asked for.
 */
export function withoutSourcePositions<Made>(make: () => Made): Made {
  const former = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  Object.defineProperty(Error, "prepareStackTrace", { value: String, configurable: true });
  try {
    return make();
  } finally {
    Reflect.deleteProperty(Error, "prepareStackTrace");
    if (former !== undefined) Object.defineProperty(Error, "prepareStackTrace", former);
  }
}
