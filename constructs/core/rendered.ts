import { ApiObject } from "cdk8s";
import type { IConstruct } from "constructs";
import { isRecord } from "./json.ts";

/** An object of the tree, as it will be written. */
export interface Rendered {
  readonly object: ApiObject;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Renders every object of a scope, raw ones too. One that cannot be rendered is left out: the synthesis tells why. */
export function renderScope(scope: IConstruct): readonly Rendered[] {
  return scope.node.findAll().flatMap((object) => {
    if (!ApiObject.isApiObject(object)) return [];
    const json = render(object);
    return json === undefined ? [] : [{ object, json }];
  });
}

function render(object: ApiObject): Rendered["json"] | undefined {
  try {
    const json: unknown = object.toJson();
    return isRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
