import { ApiObject, App, ImplicitTokenResolver, LazyResolver, NumberStringUnionResolver } from "cdk8s";
import type { IConstruct } from "constructs";
import { isRecord } from "./json.ts";
import { plainCopy } from "./plain-copy.ts";

/** An object of the tree, as it will be written. */
export interface Rendered {
  readonly object: ApiObject;
  readonly json: Readonly<Record<string, unknown>>;
}

const manifestMark = Symbol.for("keelson.manifest");

/** Tells what an object is made from, so that it can be looked at without cdk8s, which resolves each value by itself. */
export function tellManifest(object: ApiObject, manifest: () => object): void {
  Object.defineProperty(object, manifestMark, { value: manifest });
}

/** Renders every object of a scope, raw ones too. One that cannot be rendered is left out: the synthesis tells why. */
export function renderScope(scope: IConstruct): readonly Rendered[] {
  // A root that is no app has no resolvers, and renders nothing.
  const { resolvers } = App.of(scope) as Partial<App>;
  const isStock = resolvers?.every(isOfCdk8s) === true;
  return scope.node.findAll().flatMap((object) => {
    if (!ApiObject.isApiObject(object)) return [];
    const json = render(object, isStock);
    return json === undefined ? [] : [{ object, json }];
  });
}

function render(object: ApiObject, isStock: boolean): Rendered["json"] | undefined {
  try {
    const json: unknown = (isStock ? renderPlain(object) : undefined) ?? object.toJson();
    return isRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** The same as `toJson()`, if the object is plain data that nothing of cdk8s has a say in. */
function renderPlain(object: ApiObject): Rendered["json"] | undefined {
  const { [manifestMark]: manifest, patches } = object as unknown as Told;
  if (manifest === undefined || patches?.length !== 0) return undefined;
  const plain = plainCopy({ ...manifest(), metadata: undefined });
  if (plain === undefined) return undefined;
  const { apiVersion, kind, ...rest } = plain;
  return { apiVersion, kind, metadata: object.metadata.toJson() as unknown, ...rest };
}

interface Told {
  readonly [manifestMark]?: () => object;
  /** What `addJsonPatch` of cdk8s has gathered. */
  readonly patches?: readonly unknown[];
}

function isOfCdk8s(resolver: object): boolean {
  return [LazyResolver, ImplicitTokenResolver, NumberStringUnionResolver].some(
    (known) => resolver instanceof known,
  );
}
