// kinds FILE…: decodes manifests of Kubernetes' own kinds as strictly as an API server does, by Kubernetes' own types: a member that
// there is none of, or one that is there twice, is an error. What has no type here is named and left alone.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	failed := false
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
		for {
			document, err := reader.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
				os.Exit(1)
			}
			object, kind, err := decoder.Decode(document, nil, nil)
			switch {
			case runtime.IsNotRegisteredError(err):
				fmt.Printf("%s: %s is not known here\n", name, kind)
			case err != nil:
				failed = true
				fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			default:
				fmt.Printf("%s: %s\n", name, object.GetObjectKind().GroupVersionKind().Kind)
			}
		}
	}
	if failed {
		os.Exit(1)
	}
}
