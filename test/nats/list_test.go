//go:build nats && !windows

package nats_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"mjpegazer/source/nats"
)

// Edges are asked for their cameras, however many, in their order, and nothing is published for that.
func TestList(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	servers := addressOf(hostOf(s))
	list := func() ([]nats.Listing, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		return (&nats.Camera{Servers: servers, Instance: "node"}).List(ctx)
	}
	begun := time.Now()
	if all, err := list(); len(all) > 0 || err != nil || time.Since(begun) > 5*time.Second {
		t.Errorf("no edge: %v, %v, after %v", all, err, time.Since(begun))
	}
	var want []nats.Listing
	edges := map[string][]nats.Published{"node": {{Name: "own"}}}
	for _, edge := range []string{"b", "a"} {
		for i := range 450 {
			l := nats.Listing{Name: fmt.Sprint(edge, i), Title: "Dör \"" + edge, VariantOf: "door"}
			want = append(want, l)
			edges[edge] = append(edges[edge], nats.Published{Name: l.Name, Title: l.Title, VariantOf: l.VariantOf})
		}
	}
	edges["a"] = append(edges["a"], nats.Published{Name: "b7"}) // which another edge has as well
	for edge, cameras := range edges {
		p := &nats.Publisher{Servers: servers, Instance: edge, Rank: strings.Index("ba", edge) + 1}
		p.Publish(cameras)
		defer p.Close()
	}
	eventually(t, "all edges are there", func() bool {
		all, err := list()
		return err == nil && reflect.DeepEqual(all, want)
	})
}

// A page of *=nats://… shows the cameras of all edges before anybody has asked for one, and those no more that are gone.
func TestListOnPage(t *testing.T) {
	t.Parallel()
	_, address := recipe(t)
	file := filepath.Join(t.TempDir(), "f.yaml")
	text := "publish: " + address + "\ncameras:\n  gate: 'pattern:#width=64&height=48'\n  door: {source: 'pattern:#width=64&height=48', title: The door}\n  small: camera:door#width=32\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, "-config", file)
	second := start(t, "-publish", address, "-publish-rank", "1", "yard=pattern:#width=64&height=48", "door=pattern:#width=64&height=48")
	n := start(t, "*="+address+"/*")
	listed := func() (all string) {
		var status struct {
			Cameras []struct {
				Name, Title string
				VariantOf   string `json:"variant_of"`
			}
		}
		_, body := get(t, n.url+"/status")
		json.Unmarshal([]byte(body), &status)
		for _, c := range status.Cameras {
			all += fmt.Sprintf("%s (%s) %s\n", c.Name, c.Title, c.VariantOf)
		}
		return all
	}
	eventually(t, "all are listed", func() bool { return listed() == "gate (gate) \ndoor (The door) \nsmall (small) door\nyard (yard) \n" })
	if code, _ := get(t, n.url+"/yard/snapshot"); code != http.StatusOK {
		t.Errorf("a listed camera: %d", code)
	}
	second.Process.Kill()
	eventually(t, "what is gone is not listed", func() bool { return listed() == "gate (gate) \ndoor (The door) \nsmall (small) door\n" })
}

// The permissions that the README names are enough for an edge and for a node.
func TestPermissions(t *testing.T) {
	t.Parallel()
	may := func(publish, subscribe []string) *server.Permissions {
		return &server.Permissions{Publish: &server.SubjectPermission{Allow: publish}, Subscribe: &server.SubjectPermission{Allow: subscribe}}
	}
	s := serve(t, func(o *server.Options) {
		o.Users = []*server.User{
			{Username: "edge", Password: "secret", Permissions: may([]string{"mjpegazer.*.frames", "mjpegazer.*.beat", "_INBOX.>"},
				[]string{"mjpegazer.names", "mjpegazer.*.want", "mjpegazer.*.beat"})},
			{Username: "node", Password: "secret", Permissions: may([]string{"mjpegazer.names", "mjpegazer.*.want"},
				[]string{"mjpegazer.*.frames", "mjpegazer.*.beat", "_INBOX.>"})},
		}
	})
	e := publish(t, addressOf("edge:secret@"+hostOf(s)), 0, "edge")
	servers := addressOf("node:secret@" + hostOf(s))
	eventually(t, "the edge's camera is listed", func() bool {
		list, err := (&nats.Camera{Servers: servers, Instance: "node"}).List(t.Context())
		return err == nil && len(list) == 1 && list[0].Name == "door"
	})
	n := watch(t, servers, "node")
	n.some(3)
	if said := e.log.String() + n.log.String(); strings.Contains(said, "permission") {
		t.Error(said)
	}
}
