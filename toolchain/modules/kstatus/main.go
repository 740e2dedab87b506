// kstatus judges objects as the library of sigs.k8s.io/cli-utils does.
// It reads a JSON list of objects and writes a JSON list of their statuses; "Error" for one that it cannot judge.
package main

import (
	"encoding/json"
	"log"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

func main() {
	var objects []json.RawMessage
	fail(json.NewDecoder(os.Stdin).Decode(&objects))
	statuses := make([]string, len(objects))
	for index, each := range objects {
		object := &unstructured.Unstructured{}
		fail(object.UnmarshalJSON(each))
		result, err := status.Compute(object)
		if err != nil {
			statuses[index] = "Error"
			continue
		}
		statuses[index] = result.Status.String()
	}
	fail(json.NewEncoder(os.Stdout).Encode(statuses))
}

func fail(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
