// Serves the Kubernetes resource provider of Pulumi. The full schema is only read by code generators, so a stub does.
package main

import "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"

// version is set by the linker.
var version = "4.25.0"

func main() {
	schema := []byte(`{"name":"kubernetes","version":"` + version + `"}`)
	provider.Serve("kubernetes", version, schema, []byte("{}"))
}
