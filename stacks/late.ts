import * as pulumi from "@pulumi/pulumi";
import { type Late, lateValue } from "../constructs/late.ts";

/** Lets a construct take an Output. A secret Output is refused here: it needs `lateSecret`. */
export function late<T>(value: pulumi.Input<T>): Late<T> {
  return lateValue<T>(pulumi.output(value), { secret: false });
}

/** Lets a construct take a secret Output. It can stand in Secret objects only, and stays a secret in the state. */
export function lateSecret<T>(value: pulumi.Input<T>): Late<T> {
  return lateValue<T>(pulumi.secret(value), { secret: true });
}
