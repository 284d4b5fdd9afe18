package test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

const treeIdle = time.Second // idle= of all programs that read others

// A tree is what the README shows: two edges of one camera, two origins, and nodes.
type tree struct {
	camera         camera
	edges, origins [2]*program
	node           *program
}

func heartbeats(t *testing.T, args ...string) *program {
	t.Helper()
	return start(t, command(t, append([]string{anyPort, "-heartbeat=300ms"}, args...)...))
}

// grow starts a tree whose edges have the same pictures: those of a program with the camera.
func grow(t *testing.T, interval time.Duration, pictures streamtest.Pictures) *tree {
	t.Helper()
	g := &tree{camera: newCamera(t, interval, pictures.JPEG)}
	root := heartbeats(t, "-keep", "door="+g.camera.URL)
	for i := range g.edges {
		g.edges[i] = heartbeats(t, "door="+root.url+"/door/live")
	}
	for i := range g.origins {
		g.origins[i] = heartbeats(t, fmt.Sprintf("*=%s/*/live#also=%s/*/live&idle=%v", g.edges[0].url, g.edges[1].url, treeIdle))
	}
	g.node = heartbeats(t, fmt.Sprintf("*=%s/*/live#also=%s/*/live&idle=%v", g.origins[0].url, g.origins[1].url, treeIdle))
	return g
}

// TestTreeLosesAProgram kills and freezes an edge and an origin while somebody watches: the second one is read at once.
func TestTreeLosesAProgram(t *testing.T) {
	for name, test := range map[string]struct {
		lose   func(g *tree) *program
		signal syscall.Signal
		gap    time.Duration
		lost   int
	}{
		"edge killed":   {func(g *tree) *program { return g.edges[0] }, syscall.SIGKILL, 300 * ms, 2},
		"origin killed": {func(g *tree) *program { return g.origins[0] }, syscall.SIGKILL, 300 * ms, 2},
		"edge frozen":   {func(g *tree) *program { return g.edges[0] }, syscall.SIGSTOP, treeIdle + 300*ms, 0},
		"origin frozen": {func(g *tree) *program { return g.origins[0] }, syscall.SIGSTOP, treeIdle + 300*ms, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const interval = 40 * ms
			pictures := streamtest.OfSize(20_000)
			g := grow(t, interval, pictures)
			v := view(t, g.node.url+"/door/live")
			if err := v.expect("--frame\r\n"); err != nil {
				t.Fatal(err)
			}
			victim := test.lose(g)
			t.Cleanup(func() { victim.cmd.Process.Kill() })
			var last, missed int
			var before time.Time
			var gap time.Duration
			v.within(20 * time.Second)
			for begun, lost := time.Now(), false; time.Since(begun) < 4*time.Second; {
				part, err := v.next()
				if err != nil {
					t.Fatalf("the viewer was cut off: %v", err)
				}
				n, err := pictures.Check(part.jpeg) // none is torn
				if err != nil {
					t.Fatal(err)
				}
				now := time.Now()
				if !lost && time.Since(begun) > time.Second {
					lost, last, gap = true, n, 0
					victim.cmd.Process.Signal(test.signal)
				}
				if part.repeated() || n == last {
					continue
				}
				if lost {
					gap, missed = max(gap, now.Sub(before)), missed+max(0, n-last-1)
				}
				last, before = n, now
			}
			t.Logf("longest gap %v, %d pictures lost", gap.Round(ms), missed)
			if gap > 5*test.gap || test.lost > 0 && missed > test.lost+int(4*test.gap/interval) { // on a busy machine
				t.Errorf("%v and %d pictures are promised", test.gap, test.lost)
			}
			if last == 0 || time.Since(before) > time.Second {
				t.Error("there are no pictures any more")
			}
		})
	}
}

// TestTreeHops: a picture's time is the one that the first program gave it, to the microsecond, three hops later, and it is hardly
// older there.
func TestTreeHops(t *testing.T) {
	notRacing(t)
	t.Parallel()
	g := grow(t, 40*ms, streamtest.OfSize(50_000))
	if r, body := ask(t, http.MethodGet, g.node.url+"/nothing/live"); r.StatusCode != http.StatusNotFound {
		t.Errorf("%s: %s", r.Status, body)
	}
	eventually(t, 20*time.Second, "the edge's camera on the node's page", func() bool { _, names := cameraStates(t, g.node); return names == "door" })
	stamps := func(p *program) map[int]string {
		all := map[int]string{}
		v := view(t, p.url+"/door/live")
		v.within(10 * time.Second)
		if err := v.expect("--frame\r\n"); err != nil {
			t.Error(err)
		}
		for len(all) < 50 {
			part, err := v.next()
			if err != nil {
				t.Error(err)
				break
			}
			if n, err := streamtest.OfSize(50_000).Check(part.jpeg); err == nil {
				_, stamp, _ := strings.Cut(part.header, "X-Timestamp: ")
				all[n], _, _ = strings.Cut(stamp, "\r\n")
			}
		}
		return all
	}
	first := make(chan map[int]string)
	go func() { first <- stamps(g.edges[0]) }()
	last, same := stamps(g.node), 0
	for n, stamp := range <-first {
		if last[n] == stamp {
			same++
		} else if last[n] != "" {
			t.Errorf("picture %d is of %s at the edge, and of %s at the node", n, stamp, last[n])
		}
	}
	if same < 20 {
		t.Errorf("%d pictures of the same time", same)
	}
	v := view(t, g.node.url+"/door/live")
	v.within(4 * time.Second)
	ages := agesOf(v.watch())
	if len(ages) < 20 {
		t.Fatalf("%d pictures", len(ages))
	}
	p50 := ages[len(ages)/2]
	t.Logf("age p50 behind 4 programs: %v", p50)
	if p50 > 5*4*1500*time.Microsecond {
		t.Error("1.5 ms a hop are promised")
	}
}

// TestTreeNarrowLink has an edge whose link carries 20 Mbit/s, and three cameras that want 36: pictures are left out, none is old, and
// no connection is lost.
func TestTreeNarrowLink(t *testing.T) {
	notRacing(t)
	t.Parallel()
	l := &link{rate: 20 * mbit, delay: 5 * ms, queue: 20 * mbit / 20}
	l.lay(t)
	args := []string{"-listen=:0", "-heartbeat=300ms"}
	for i := range 3 {
		camera := newCamera(t, time.Second/30, streamtest.OfSize(50_000).JPEG)
		args = append(args, fmt.Sprintf("c%d=%s", i, camera.URL))
	}
	edge := start(t, command(t, args...))
	l.far.enter(t)
	node := heartbeats(t, fmt.Sprintf("*=%s/*/live#idle=%v", l.near.url(edge), treeIdle))
	views := make([]*viewer, 3)
	for i := range views {
		views[i] = view(t, fmt.Sprintf("%s/c%d/live", node.url, i))
	}
	const warmUp, window = 2 * time.Second, 6 * time.Second
	begun := time.Now()
	results := make(chan []arrival)
	for _, v := range views {
		v.within(warmUp + window)
		go func() { results <- v.watch() }()
	}
	for range views {
		ages := agesOf(after(begun.Add(warmUp), <-results))
		if len(ages) < 20 {
			t.Fatalf("%d pictures", len(ages))
		}
		p50 := ages[len(ages)/2]
		t.Logf("%d pictures, age p50 %v, highest %v", len(ages), p50.Round(ms), ages[len(ages)-1].Round(ms))
		if p50 > 5*120*ms {
			t.Error("120 ms are promised")
		}
	}
	if said := node.said.String(); strings.Contains(said, "camera down") {
		t.Error("a connection was lost")
	}
}

// placing starts nodes, and HAProxy before them by the recipe, with more replaced in it.
func placing(t *testing.T, count int, replace []string, args ...string) (front string, nodes map[string]*program) {
	t.Helper()
	haproxy, port := need(t, "haproxy", "haproxy"), freePort(t)
	recipe, err := os.ReadFile("recipes/tree.cfg")
	if err != nil {
		t.Fatal(err)
	}
	nodes = map[string]*program{}
	replace = append(replace, "bind :80", "bind 127.0.0.1:"+port)
	for i := range count {
		p := heartbeats(t, args...)
		nodes[p.url] = p
		replace = append(replace, fmt.Sprintf("node%d:5000", i+1), strings.TrimPrefix(p.url, "http://"))
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(replace...).Replace(string(recipe))), 0o600); err != nil {
		t.Fatal(err)
	}
	front = "http://127.0.0.1:" + port
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
	victim := placed[0]
	nodes[victim].cmd.Process.Kill()
	begun := time.Now()
	eventually(t, 5*time.Second, "its cameras are elsewhere", func() bool { node, _ := place("/c0/live"); return node != victim && nodes[node] != nil })
	t.Logf("redirected to another node after %v; %v", time.Since(begun).Round(ms), used)
	for i := range cameras {
		switch node, _ := place(fmt.Sprintf("/c%d/live", i)); {
		case nodes[node] == nil, node == victim:
			t.Errorf("c%d is at %q", i, node)
		case placed[i] != victim && node != placed[i]:
			t.Errorf("c%d has moved, though its node lives", i)
		}
	}
}
