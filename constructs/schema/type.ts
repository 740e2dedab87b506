/** What a value in a manifest must look like. */
export type Type =
  | { readonly kind: Scalar }
  | { readonly kind: "enum"; readonly values: readonly unknown[] }
  | ListType
  | { readonly kind: "map"; readonly value: Type }
  | ObjectType
  /** A type of a custom resource with bounds of its own. */
  | { readonly kind: "bounded"; readonly type: Type; readonly bounds: Bounds };

/** A value without parts; `anything` and `free` (an object of any content) have parts that nobody judges. */
export type Scalar =
  | "text"
  | "boolean"
  | "int32"
  | "int64"
  | "number"
  | "quantity"
  | "intOrString"
  | "time"
  | "bytes"
  | "free"
  | "anything";

/** A list. Items with the same keys are one item, so it must not have two of them. */
export interface ListType {
  readonly kind: "list";
  readonly item: Type;
  /** The fields that together name an item. */
  readonly keys: readonly string[];
  /** True if no value may stand in it twice. */
  readonly isSet: boolean;
  /** The field by which a strategic merge patch finds an item, `.` for the item itself; undefined if it replaces the list. */
  readonly mergeKey: string | undefined;
}

/** An object with known fields. */
export interface ObjectType {
  readonly kind: "object";
  /** Read once they are needed, since types may contain themselves. */
  readonly fields: () => ReadonlyMap<string, Field>;
  /** True if fields that are not known may stand beside the known ones. */
  readonly isOpen: boolean;
}

/** A field of an object. */
export interface Field {
  readonly required: boolean;
  readonly type: Type;
}

/** Bounds of a value, as in JSON Schema. */
export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}
