// The real istiod, with a folder as its configuration and an empty in-memory Kubernetes client: the stock pilot-discovery of this
// version dies of a nil pointer where there is no Kubernetes at all.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"syscall"
	"time"
	"unsafe"

	"istio.io/istio/pilot/pkg/bootstrap"
	"istio.io/istio/pkg/kube"
)

func main() {
	config := flag.String("configDir", "", "folder of Istio's YAML files, watched")
	mesh := flag.String("meshConfig", "", "MeshConfig file")
	grpc := flag.String("grpcAddr", "127.0.0.1:15010", "xDS, plain text")
	http := flag.String("httpAddr", "127.0.0.1:15080", "readiness and debug interface")
	monitoring := flag.String("monitoringAddr", "127.0.0.1:15014", "metrics")
	flag.Parse()

	args := bootstrap.NewPilotArgs(func(p *bootstrap.PilotArgs) {
		p.Namespace = "istio-system"
		p.PodName = "istiod"
		p.MeshConfigFile = *mesh
		p.ShutdownDuration = time.Millisecond
		p.ServerOptions = bootstrap.DiscoveryServerOptions{
			HTTPAddr: *http, MonitoringAddr: *monitoring, GRPCAddr: *grpc, EnableProfiling: true,
		}
		p.RegistryOptions.FileDir = *config
		p.RegistryOptions.Registries = nil
		p.RegistryOptions.KubeOptions.DomainSuffix = "cluster.local"
		p.RegistryOptions.KubeOptions.ClusterID = "Kubernetes"
	})
	server, err := bootstrap.NewServer(args, func(s *bootstrap.Server) {
		// As Istio's own tests do it; the field is not exported.
		field := reflect.ValueOf(s).Elem().FieldByName("kubeClient")
		reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(kube.NewFakeClient()))
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stop := make(chan struct{})
	if err := server.Start(stop); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
	close(stop)
	server.WaitUntilCompletion()
}
