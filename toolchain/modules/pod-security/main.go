// pod-security judges pods as the cluster's admission does, with the library that the API server is built with.
// It reads a JSON list of objects and writes a JSON list of what is forbidden in each.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type object struct {
	Kind     string          `json:"kind"`
	Metadata json.RawMessage `json:"metadata"`
	Spec     json.RawMessage `json:"spec"`
}

type template struct {
	Template    *corev1.PodTemplateSpec `json:"template"`
	JobTemplate *struct {
		Spec struct {
			Template corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	} `json:"jobTemplate"`
}

func main() {
	level := flag.String("level", "restricted", "baseline or restricted")
	version := flag.String("version", "latest", "v1.35 for example")
	flag.Parse()
	wanted, err := api.ParseLevel(*level)
	fail(err)
	at, err := api.ParseVersion(*version)
	fail(err)
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	fail(err)

	var objects []object
	fail(json.NewDecoder(os.Stdin).Decode(&objects))
	forbidden := make([]string, len(objects))
	for index, each := range objects {
		pod := podOf(each)
		if pod == nil {
			continue
		}
		results := evaluator.EvaluatePod(api.LevelVersion{Level: wanted, Version: at}, &pod.ObjectMeta, &pod.Spec)
		if result := policy.AggregateCheckResults(results); !result.Allowed {
			forbidden[index] = result.ForbiddenDetail()
		}
	}
	fail(json.NewEncoder(os.Stdout).Encode(forbidden))
}

// podOf is the pod of an object, or nil if it makes none.
func podOf(each object) *corev1.PodTemplateSpec {
	if each.Kind == "Pod" {
		pod := &corev1.PodTemplateSpec{}
		fail(json.Unmarshal(each.Metadata, &pod.ObjectMeta))
		fail(json.Unmarshal(each.Spec, &pod.Spec))
		return pod
	}
	switch each.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob":
	default:
		return nil
	}
	var holder template
	fail(json.Unmarshal(each.Spec, &holder))
	if holder.JobTemplate != nil {
		return &holder.JobTemplate.Spec.Template
	}
	return holder.Template
}

func fail(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
