import * as pulumi from "@pulumi/pulumi";

/**
 * Keeps secrets out of Pulumi's debug log, which `pulumi up --debug`, `--event-log` and the Automation API show: its
 * SDK writes there what every resource returns, secrets in the open.
 */
export function hideResponses(): void {
  const { debug } = pulumi.log;
  Object.assign(pulumi.log, {
    debug: (message: string, ...more: DebugOptions) => debug(withoutResponse(message), ...more),
  });
}

type DebugOptions = Parameters<typeof pulumi.log.debug> extends [string, ...infer Rest] ? Rest : never;

/** A line of the SDK without what a call returned. */
export function withoutResponse(message: string): string {
  return message.replace(/^(.*RPC finished: .*?, resp: ).*$/s, "$1[hidden]");
}
