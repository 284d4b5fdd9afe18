package test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// placing starts nodes, each at an IP address of its own, and HAProxy before them by the recipe, with more replaced in it. FRONT in
// the nodes' arguments is the address of HAProxy.
func placing(t *testing.T, count int, replace []string, args ...string) (front string, nodes map[string]*program) {
	t.Helper()
	haproxy, port := need(t, "haproxy", "haproxy"), freePort(t)
	recipe, err := os.ReadFile("recipes/tree.cfg")
	if err != nil {
		t.Fatal(err)
	}
	nodes = map[string]*program{}
	front = "http://127.0.0.1:" + port
	replace = append(replace, "bind :80", "bind 127.0.0.1:"+port)
	for i := range count {
		flags := []string{fmt.Sprintf("-listen=127.0.0.%d:0", i+1), "-heartbeat=300ms"}
		for _, arg := range args {
			flags = append(flags, strings.ReplaceAll(arg, "FRONT", front))
		}
		p := start(t, command(t, flags...))
		nodes[p.url] = p
		replace = append(replace, fmt.Sprintf("node%d:5000", i+1), strings.TrimPrefix(p.url, "http://"))
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(replace...).Replace(string(recipe))), 0o600); err != nil {
		t.Fatal(err)
	}
	awaitListener(t, "127.0.0.1:"+port, launch(t, exec.CommandContext(t.Context(), haproxy, "-db", "-f", file)))
	eventually(t, 10*time.Second, "the nodes are there", func() bool {
		node, _ := redirected(t, front+"/c0/live", "127.0.0.1")
		return nodes[node] != nil
	})
	time.Sleep(time.Second) // HAProxy has looked at each
	return front, nodes
}

// redirected is where HAProxy sends a viewer of a network address: the node, and the rest of the address. Without a node the rest is
// the status.
func redirected(t *testing.T, address, from string) (node, rest string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusFound {
		return "", response.Status
	}
	node, rest, _ = strings.Cut(strings.TrimPrefix(response.Header.Get("Location"), "http://"), "/")
	return "http://" + node, "/" + rest
}

// TestTreeLetsIn follows the redirect with a token and with a link, as the README says, and with neither; upstream is let in by a
// header.
func TestTreeLetsIn(t *testing.T) {
	t.Parallel()
	token := writeFile(t, "token", secretToken, 0o600)
	key := filepath.Join(t.TempDir(), "link-key")
	if code, _, said := run(t, command(t, "link", "-new-key", key)); code != 0 {
		t.Fatal(said)
	}
	origin := heartbeats(t, "-token", token, "door=pattern:#width=64&height=48")
	front, nodes := placing(t, 2, []string{"    server node3 node3:5000 redir http://node3:5000\n", ""}, "-token", token, "-link-key", key,
		fmt.Sprintf("*=%s/*/live#idle=%v&header=Authorization: Bearer %s", origin.url, treeIdle, secretToken))
	code, link, said := run(t, command(t, "link", "-link-key", key, "-camera", "door", "-what", "snapshot", front+"/"))
	if code != 0 {
		t.Fatal(said)
	}
	for address, want := range map[string]int{
		front + "/door/snapshot?token=" + secretToken: 200, front + "/door/snapshot": 401, strings.TrimSpace(link): 200,
	} {
		node, rest := redirected(t, address, "127.0.0.1")
		if nodes[node] == nil {
			t.Fatalf("%s: %s", address, rest)
		}
		if code, _ := status(t, node+rest); code != want {
			t.Errorf("%s: %d, want %d", rest, code, want)
		}
	}
}

// TestTreeSpreads places a camera on several nodes by the viewers' addresses, with the lines that the README shows for cameras with
// more viewers than a node carries.
func TestTreeSpreads(t *testing.T) {
	t.Parallel()
	const lines = "    http-request set-var(txn.part) src,djb2(1),mod(4)\n    balance hash path,field(2,/),concat(:,txn.part)\n"
	if readme, err := os.ReadFile("../README.md"); err != nil || !strings.Contains(string(readme), lines) {
		t.Errorf("the README does not show %s", lines)
	}
	front, nodes := placing(t, 3, []string{"    balance uri depth 1\n", lines}, "pattern:#width=64&height=48")
	used := map[string]bool{}
	for i := range 32 {
		from := fmt.Sprintf("127.0.0.%d", i+2)
		node, _ := redirected(t, front+"/door/live", from)
		if again, _ := redirected(t, front+"/door/snapshot?fps=5", from); again != node || nodes[node] == nil {
			t.Errorf("%s is sent to %s and to %s", from, node, again)
		}
		used[node] = true
	}
	if len(used) < 2 {
		t.Errorf("all are sent to %v", used)
	}
}

// TestTreePlaces redirects viewers by the recipe of HAProxy: those of one camera to one node, whatever they ask of it, with all of the
// address; when a node dies only its cameras move, within a second.
func TestTreePlaces(t *testing.T) {
	t.Parallel()
	const cameras = 12
	var args []string
	for i := range cameras {
		args = append(args, fmt.Sprintf("c%d=pattern:#width=64&height=48&fps=20", i))
	}
	origin := heartbeats(t, args...)
	front, nodes := placing(t, 3, nil, fmt.Sprintf("*=%s/*/live#idle=%v", origin.url, treeIdle))
	place := func(path string) (node, rest string) { return redirected(t, front+path, "127.0.0.1") }
	placed, used := map[int]string{}, map[string]int{}
	for i := range cameras {
		for _, path := range []string{"/live", "/live?fps=5", "/snapshot", "/live?token=abc", "/snapshot?expires=1&signature=a%2Fb"} {
			path = fmt.Sprintf("/c%d%s", i, path)
			node, rest := place(path)
			if placed[i] == "" {
				placed[i] = node
				used[node]++
			}
			if node != placed[i] || rest != path {
				t.Errorf("%s is redirected to %s%s, others to %s", path, node, rest, placed[i])
			}
		}
	}
	if len(used) < 2 {
		t.Errorf("all cameras are at one node: %v", used)
	}
	for range 3 { // viewers of each camera
		for i := range cameras {
			v := view(t, fmt.Sprintf("%s/c%d/live", placed[i], i))
			if err := v.expect("--frame\r\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	states, _ := cameraStates(t, origin)
	for name, state := range states {
		if state.Viewers != 1 {
			t.Errorf("%s is read %d times", name, state.Viewers)
		}
	}
	for _, way := range []struct {
		name     string
		signal   syscall.Signal
		promised time.Duration
	}{{"killed", syscall.SIGKILL, time.Second}, {"frozen", syscall.SIGSTOP, 2 * time.Second}} {
		victim := placed[0]
		nodes[victim].cmd.Process.Signal(way.signal)
		t.Cleanup(func() { nodes[victim].cmd.Process.Kill() })
		begun := time.Now()
		eventually(t, 5*way.promised, "its cameras are elsewhere", func() bool { node, _ := place("/c0/live"); return node != victim && nodes[node] != nil })
		t.Logf("%s: redirected to another node after %v; %v", way.name, time.Since(begun).Round(ms), used)
		for i := range cameras {
			node, _ := place(fmt.Sprintf("/c%d/live", i))
			switch {
			case nodes[node] == nil, node == victim:
				t.Errorf("c%d is at %q", i, node)
			case placed[i] != victim && node != placed[i]:
				t.Errorf("c%d has moved, though its node lives", i)
			}
			placed[i] = node
		}
	}
	nodes[placed[0]].cmd.Process.Kill()
	eventually(t, 5*time.Second, "browsers try again where there is no node", func() bool {
		r, err := http.DefaultTransport.RoundTrip(httptest.NewRequest(http.MethodGet, front+"/c0/live", nil))
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusServiceUnavailable && r.Header.Get("Refresh") == "2"
	})
}
