import struct from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { unwrap, type Value, wrap } from "./values.ts";

/** Reads the properties of a request. None is an empty record. */
export function fromStruct(properties: Struct | undefined): Value {
  return properties === undefined ? {} : unwrap(properties.toJavaScript());
}

/** Writes properties into an answer. */
export function toStruct(properties: Value): Struct {
  return struct.Struct.fromJavaScript(wrap(properties) as Parameters<typeof struct.Struct.fromJavaScript>[0]);
}
