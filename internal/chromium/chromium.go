// Package chromium drives a real headless Chromium in tests: it speaks the DevTools
// protocol over the browser's pipe, so that nothing listens on a port.
package chromium

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// BinaryVariable names the environment variable with the path of the browser, by
// default the first of chromium, chromium-browser and google-chrome on the PATH.
const BinaryVariable = "IDEMGEN_CHROMIUM"

// patience is how long the browser may take for one thing, on a machine that does
// many others.
const patience = 90 * time.Second

// A Browser is one Chromium with a profile of its own. Its methods fail the test that
// started it if they cannot do their work.
type Browser struct {
	t       testing.TB
	process *exec.Cmd
	to      io.WriteCloser

	mu      sync.Mutex
	next    int
	replies map[int]chan reply
	events  map[string]chan struct{} // by name and session: closed when it comes
	ended   chan struct{}
}

type reply struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// Start runs a browser until the test ends.
func Start(t testing.TB) *Browser {
	t.Helper()
	theirs, to, err := os.Pipe()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	from, theirsToo, err := os.Pipe()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	profile, err := os.MkdirTemp("", "chromium") //nolint:usetesting // the browser may write after its end, and TempDir would fail the test for it
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	b := &Browser{
		t: t, to: to, replies: make(map[int]chan reply), events: make(map[string]chan struct{}), ended: make(chan struct{}),
		process: exec.Command(binary(t), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
			"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
			"--disable-quic", "--disable-default-apps", "--disable-extensions", "--force-color-profile=srgb", "--hide-scrollbars",
			"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", // whatever it wants from elsewhere, it does not get
			"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank"),
	}
	b.process.ExtraFiles = []*os.File{theirs, theirsToo} // 3 and 4, by the protocol
	if err := b.process.Start(); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	_, _ = theirs.Close(), theirsToo.Close()
	go b.listen(from)
	t.Cleanup(func() {
		_ = b.process.Process.Kill()
		_ = b.process.Wait()
		<-b.ended
		_, _ = to.Close(), from.Close()
		_ = os.RemoveAll(profile)
	})
	return b
}

func binary(t testing.TB) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	if name := os.Getenv(BinaryVariable); name != "" {
		names = []string{name}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("chromium: these tests need a real browser: install one, for instance by `apt-get install chromium`, "+
		"or set %s to its path (tried: %s)", BinaryVariable, strings.Join(names, ", "))
	return ""
}

// listen hands on what the browser says, one message after the other.
func (b *Browser) listen(from io.Reader) {
	defer close(b.ended)
	messages := bufio.NewReader(from)
	for {
		data, err := messages.ReadBytes(0)
		if err != nil {
			return
		}
		var m struct {
			ID        int
			Method    string
			SessionID string
			reply
		}
		if json.Unmarshal(data[:len(data)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		if waiting := b.replies[m.ID]; m.ID != 0 && waiting != nil {
			delete(b.replies, m.ID)
			waiting <- m.reply
		}
		if event := m.Method + " " + m.SessionID; m.Method != "" && b.events[event] != nil {
			close(b.events[event])
			delete(b.events, event)
		}
		b.mu.Unlock()
	}
}

// call asks the browser for something and reads its answer into result.
func (b *Browser) call(session, method string, params map[string]any, result any) {
	b.t.Helper()
	waiting := make(chan reply, 1)
	b.mu.Lock()
	b.next++
	id := b.next
	b.replies[id] = waiting
	message := map[string]any{"id": id, "method": method, "params": params}
	if session != "" {
		message["sessionId"] = session
	}
	data, err := json.Marshal(message)
	if err == nil {
		_, err = b.to.Write(append(data, 0))
	}
	b.mu.Unlock()
	if err != nil {
		b.t.Fatalf("chromium: %s: %v", method, err)
	}
	select {
	case r := <-waiting:
		if r.Error != nil {
			b.t.Fatalf("chromium: %s: %s", method, r.Error.Message)
		}
		if result == nil {
			return
		}
		if err := json.Unmarshal(r.Result, result); err != nil {
			b.t.Fatalf("chromium: %s: %v", method, err)
		}
	case <-b.ended:
		b.t.Fatalf("chromium: %s: the browser has ended", method)
	case <-time.After(patience):
		b.t.Fatalf("chromium: %s: no answer in %v", method, patience)
	}
}

// A Page is a tab, with cookies of its own.
type Page struct {
	browser *Browser
	session string
}

// A Look is how a page is shown.
type Look struct {
	Width, Height int
	Dark          bool
	NoScript      bool
}

// Open opens a page that is empty.
func (b *Browser) Open(look Look) *Page {
	b.t.Helper()
	var browserContext struct{ BrowserContextID string }
	b.call("", "Target.createBrowserContext", nil, &browserContext)
	var target struct{ TargetID string }
	b.call("", "Target.createTarget", map[string]any{
		"url": "about:blank", "browserContextId": browserContext.BrowserContextID,
	}, &target)
	var attached struct{ SessionID string }
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p := &Page{browser: b, session: attached.SessionID}
	p.call("Page.enable", nil, nil)
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": look.Width, "height": look.Height, "deviceScaleFactor": 1, "mobile": false,
	}, nil)
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	p.call("Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]any{{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
	p.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": look.NoScript}, nil)
	p.call("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true}, nil)
	return p
}

func (p *Page) call(method string, params map[string]any, result any) {
	p.browser.t.Helper()
	p.browser.call(p.session, method, params, result)
}

// await registers for an event and returns what waits for it.
func (p *Page) await(event string) (wait func()) {
	b := p.browser
	came := make(chan struct{})
	b.mu.Lock()
	b.events[event+" "+p.session] = came
	b.mu.Unlock()
	return func() {
		b.t.Helper()
		select {
		case <-came:
		case <-b.ended:
			b.t.Fatalf("chromium: the browser has ended")
		case <-time.After(patience):
			b.t.Fatalf("chromium: no %s in %v", event, patience)
		}
	}
}

// Visit goes to an address and waits until the page is loaded.
func (p *Page) Visit(url string) {
	p.browser.t.Helper()
	p.Loading(func() { p.call("Page.navigate", map[string]any{"url": url}, nil) })
}

// Loading does something that loads another page, and waits until it is loaded.
func (p *Page) Loading(do func()) {
	p.browser.t.Helper()
	loaded := p.await("Page.loadEventFired")
	do()
	loaded()
}

// Eval evaluates an expression of JavaScript, as the developers' tools do, also where
// the page's own scripts are off. A promise is awaited.
func (p *Page) Eval(expression string, result any) {
	p.browser.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	p.call("Runtime.evaluate", map[string]any{
		"expression": expression, "returnByValue": true, "awaitPromise": true,
	}, &r)
	if e := r.ExceptionDetails; e != nil {
		p.browser.t.Fatalf("chromium: %s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if result == nil || len(r.Result.Value) == 0 {
		return
	}
	if err := json.Unmarshal(r.Result.Value, result); err != nil {
		p.browser.t.Fatalf("chromium: %s: %v", expression, err)
	}
}

// Text evaluates an expression that gives a text.
func (p *Page) Text(expression string) string {
	p.browser.t.Helper()
	var text string
	p.Eval(expression, &text)
	return text
}

// Until waits until an expression is true.
func (p *Page) Until(expression string) {
	p.browser.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var ok bool
		if p.Eval("Boolean("+expression+")", &ok); ok {
			return
		}
	}
	p.browser.t.Fatalf("chromium: %s did not come true in %v", expression, patience)
}

// keys are those that Press knows by name: their code, and the text that they type.
var keys = map[string]struct {
	code int
	text string
}{
	"Tab": {9, ""}, "Enter": {13, "\r"}, " ": {32, " "},
}

// Press presses a key.
func (p *Page) Press(key string) {
	p.browser.t.Helper()
	k, ok := keys[key]
	if !ok {
		p.browser.t.Fatalf("chromium: no key %q", key)
	}
	p.call("Input.dispatchKeyEvent", map[string]any{
		"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": k.code, "text": k.text,
	}, nil)
	p.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": k.code}, nil)
}

// Type types a text where the focus is.
func (p *Page) Type(text string) {
	p.browser.t.Helper()
	p.call("Input.insertText", map[string]any{"text": text}, nil)
}

// Focus says in words what has the focus: its text, value or label.
func (p *Page) Focus() string {
	p.browser.t.Helper()
	return p.Text(`(e => e.tagName + " " + (e.labels && e.labels.length ? e.labels[0].textContent : e.textContent).trim().replace(/\s+/g, " "))(document.activeElement)`)
}

// Accessible returns the page as a screen reader meets it, without plain text: each
// thing's role and name, as "button Live".
func (p *Page) Accessible() []string {
	p.browser.t.Helper()
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value any }
		}
	}
	p.call("Accessibility.getFullAXTree", nil, &tree)
	var nodes []string
	for _, n := range tree.Nodes {
		role := fmt.Sprint(n.Role.Value)
		if n.Ignored || role == "StaticText" || role == "InlineTextBox" || role == "none" || role == "generic" {
			continue
		}
		name, _ := n.Name.Value.(string)
		nodes = append(nodes, strings.TrimSpace(role+" "+name))
	}
	return nodes
}

// Screenshot returns what is to be seen, as PNG.
func (p *Page) Screenshot() []byte {
	p.browser.t.Helper()
	var shot struct{ Data string }
	p.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		p.browser.t.Fatalf("chromium: %v", err)
	}
	return data
}
