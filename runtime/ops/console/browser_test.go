package console_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/chromium"
	"github.com/idemgen/idemgen/internal/opstest"
	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
	"github.com/idemgen/idemgen/runtime/ops/console"
)

var update = flag.Bool("update", false, "write the screenshots of docs/console")

// A stage is a console with a Redis behind it, mounted in a team's server.
type stage struct {
	redis *redis.Client
	url   string // of the console
}

// mount is where the tests' teams have it.
const mount = "/admin/idem/"

func newStage(t *testing.T, opts ...console.Option) stage {
	t.Helper()
	client := redistest.Start(t).Client()
	require.NoError(t, opstest.Seed(t.Context(), client))
	mux := http.NewServeMux()
	mux.Handle(mount, http.StripPrefix("/admin/idem", console.New(ops.New(client), opts...)))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return stage{redis: client, url: server.URL + mount}
}

// page is the address of a record's page.
func (s stage) page(key string) string { return s.url + "record?" + url.Values{"key": {key}}.Encode() }

// busy returns a recorder that has seen a day of a shop, up to now.
var busy = sync.OnceValue(func() *console.Recorder {
	now := time.Now()
	r := console.NewRecorder()
	at := now.Add(-24 * time.Hour)
	r.SetClock(func() time.Time { return at })
	random := rand.New(rand.NewPCG(1, 2))
	for ; at.Before(now); at = at.Add(10 * time.Second) {
		for task, load := range map[string]float64{"billing.Pay": 1, "webhook.Deliver": 2.4, "transfer.TransferFunds": 0.12} {
			day := 1 + 0.5*math.Sin(float64(at.Unix())/86400*2*math.Pi)
			for range int(load*day + random.Float64()) {
				took := time.Duration(math.Exp(random.NormFloat64()*0.5+5) * float64(time.Millisecond))
				r.Observe(context.Background(), idem.Event{Kind: idem.EventClaimed, Task: task})
				r.Observe(context.Background(), idem.Event{Kind: idem.EventRecorded, Task: task, Duration: took})
				if random.Float64() < 0.25 {
					r.Observe(context.Background(), idem.Event{Kind: idem.EventDuplicate, Task: task})
				}
				if random.Float64() < 0.05 {
					r.Observe(context.Background(), idem.Event{Kind: idem.EventWaited, Task: task, Duration: took})
				}
				if random.Float64() < 0.003 {
					r.Observe(context.Background(), idem.Event{Kind: idem.EventTakenOver, Task: task})
				}
				if task == "billing.Pay" && random.Float64() < 0.001 {
					r.Observe(context.Background(), idem.Event{Kind: idem.EventLost, Task: task})
				}
				if random.Float64() < 0.01 {
					r.Observe(context.Background(), idem.Event{Kind: idem.EventRefused, Task: task})
				}
			}
		}
	}
	return r
})

// The browser is one for all of this, since it takes long to start.
func TestInABrowser(t *testing.T) {
	browser := chromium.Start(t)
	open := func(look chromium.Look) *chromium.Page {
		look.Width, look.Height = max(look.Width, 1200), max(look.Height, 860)
		return browser.Open(look)
	}

	t.Run("it works without JavaScript", func(t *testing.T) {
		s := newStage(t, console.WithWrites(), console.WithRecorder(busy()))
		p := open(chromium.Look{NoScript: true})
		p.Visit(s.url)
		assert.Equal(t, "2 executions may need you", p.Text(`document.querySelector("h1").innerText`))
		assert.Empty(t, p.Text(`document.querySelector(".live")?.innerText`), "what needs a script is not there")
		p.Loading(func() { p.Eval(`document.querySelector("td.key a[href*=TransferFunds]").click()`, nil) })
		assert.Equal(t, opstest.Interrupted, p.Text(`document.querySelector("h1").innerText`))
		p.Eval(`document.querySelector(".actions summary").click()`, nil)
		p.Eval(`document.querySelector(".actions [name=sure]").click()`, nil)
		p.Loading(func() { p.Eval(`document.querySelector(".actions button").click()`, nil) })
		assert.Equal(t, "Resolved: duplicates get this answer.", p.Text(`document.querySelector(".notice").innerText`))
		r, err := ops.New(s.redis).Get(t.Context(), opstest.Interrupted)
		require.NoError(t, err)
		assert.Equal(t, idem.StateDone, r.State)
	})

	t.Run("it is live with JavaScript", func(t *testing.T) {
		s := newStage(t)
		p := open(chromium.Look{})
		p.Visit(s.url)
		assert.Equal(t, "2 executions may need you", p.Text(`document.querySelector("h1").innerText`))
		p.Eval(`document.querySelector("td.key a[href*=TransferFunds]").focus(); window.unloaded = false`, nil)
		require.NoError(t, s.redis.Del(t.Context(), opstest.Corrupt).Err())
		p.Until(`document.querySelector("h1").innerText === "1 execution may need you"`)
		p.Until(`!document.querySelector("#open").innerText.includes("corrupt")`)
		assert.Equal(t, "A "+opstest.Interrupted, p.Focus(), "what had the focus has it still")
		assert.Equal(t, "false", p.Text(`String(window.unloaded)`), "it is the same page")

		p.Eval(`document.querySelector(".live").click()`, nil)
		assert.Equal(t, "Paused", p.Text(`document.querySelector(".live").innerText`))
	})

	t.Run("it is used by keyboard", func(t *testing.T) {
		s := newStage(t, console.WithWrites())
		p := open(chromium.Look{})
		p.Visit(s.url)
		p.Press("Tab")
		assert.Equal(t, "A Skip to content", p.Focus())
		assert.Equal(t, "true", p.Text(`String(document.activeElement.getBoundingClientRect().left > 0)`), "and is seen then")
		p.Press("Enter")
		p.Press("Tab")
		assert.Equal(t, "A "+opstest.Corrupt, p.Focus(), "the first thing in the page")
		p.Press("Tab")
		assert.Equal(t, "A "+opstest.Interrupted, p.Focus())
		assert.Contains(t, p.Text(`getComputedStyle(document.activeElement).outlineStyle`), "solid", "the focus can be seen")
		p.Loading(func() { p.Press("Enter") })
		for range 20 {
			if p.Press("Tab"); strings.HasPrefix(p.Focus(), "SUMMARY Resolve") {
				break
			}
		}
		p.Press("Enter")
		p.Press("Tab")
		assert.Equal(t, "TEXTAREA Its result as JSON, for a task whose duplicates get one", p.Focus())
		p.Type(`{"booked":true}`)
		p.Press("Tab")
		assert.Equal(t, "INPUT I have made sure that it took place.", p.Focus())
		p.Press(" ")
		p.Press("Tab")
		assert.Equal(t, "BUTTON Resolve", p.Focus())
		p.Loading(func() { p.Press("Enter") })
		assert.Equal(t, "Resolved: duplicates get this answer.", p.Text(`document.querySelector(".notice").innerText`))
		r, err := ops.New(s.redis).Get(t.Context(), opstest.Interrupted)
		require.NoError(t, err)
		assert.JSONEq(t, `{"booked":true}`, string(r.Value))
	})

	t.Run("a screen reader is told what is there", func(t *testing.T) {
		s := newStage(t, console.WithWrites(), console.WithRecorder(busy()))
		p := open(chromium.Look{})
		p.Visit(s.url)
		nodes := p.Accessible()
		for _, want := range []string{
			"banner", "search", "textbox Key", "main", "heading 2 executions may need you",
			"status", "region Interrupted and unreadable", "columnheader Attempt", "rowheader billing.Pay", "navigation Time shown", "button Live",
		} {
			assert.Contains(t, nodes, want)
		}
		p.Visit(s.url + "task?name=billing.Pay")
		charts := 0
		for _, n := range p.Accessible() {
			if strings.HasPrefix(n, "image Executions and duplicates in 30 seconds, from ") {
				assert.Regexp(t, `executions: \d+; duplicates: \d+\.$`, n, "a chart says in words what it shows")
				charts++
			}
		}
		assert.Equal(t, 1, charts)
		p.Visit(s.page(opstest.Interrupted))
		for _, n := range p.Accessible() {
			assert.NotContains(t, []string{"textbox", "checkbox", "button", "link"}, n, "it has no name")
		}
	})

	t.Run("text can be read in light and in dark", func(t *testing.T) {
		s := newStage(t, console.WithWrites(), console.WithPayloads(), console.WithRecorder(busy()))
		for _, dark := range []bool{false, true} {
			p := open(chromium.Look{Dark: dark})
			for _, page := range []string{s.url, s.url + "task?name=billing.Pay", s.page(opstest.Interrupted), s.page(opstest.Done), s.page(opstest.Running)} {
				p.Visit(page)
				var faint []string
				p.Eval(contrasts, &faint)
				assert.Empty(t, faint, "dark %v: %s", dark, page)
			}
			img, err := png.Decode(bytes.NewReader(p.Screenshot()))
			require.NoError(t, err)
			red, _, _, _ := img.At(5, 5).RGBA()
			assert.Equal(t, dark, red < 0x8000, "the paper is dark where it should be")
		}
	})

	t.Run("it fits a narrow window", func(t *testing.T) {
		s := newStage(t, console.WithRecorder(busy()))
		p := browser.Open(chromium.Look{Width: 380, Height: 800})
		for _, page := range []string{s.url, s.url + "task?name=billing.Pay", s.page(opstest.Interrupted)} {
			p.Visit(page)
			assert.Equal(t, "380", p.Text(`String(document.documentElement.scrollWidth)`), page)
		}
	})

	t.Run("nothing breaks its own policy", func(t *testing.T) {
		s := newStage(t, console.WithWrites(), console.WithRecorder(busy()))
		p := open(chromium.Look{})
		for _, page := range []string{s.url, s.url + "task?name=billing.Pay", s.page(opstest.Interrupted)} {
			p.Visit(page)
			var violations, foreign int
			p.Eval(`new Promise(done => {
				const observer = new ReportingObserver(() => {}, {buffered: true, types: ["csp-violation"]});
				observer.observe();
				done(observer.takeRecords().length);
			})`, &violations)
			assert.Zero(t, violations, page)
			p.Eval(`performance.getEntriesByType("resource").filter(r => !r.name.startsWith(location.origin + "`+mount+`")).length`, &foreign)
			assert.Zero(t, foreign, "it loads its own files only")
			assert.Equal(t, "blocked", p.Text(`new Promise(done => {
				document.addEventListener("securitypolicyviolation", () => done("blocked"));
				const script = document.createElement("script");
				script.textContent = "1";
				document.body.append(script);
				setTimeout(() => done("ran"), 5000);
			})`), "and a script that somebody got in does not run")
		}
	})

	if *update {
		screenshots(t, browser)
	}
}

// screenshots writes those of docs/console.
func screenshots(t *testing.T, browser *chromium.Browser) {
	t.Helper()
	s := newStage(t, console.WithName("production"), console.WithWrites(), console.WithPayloads(), console.WithRecorder(busy()))
	furnish(t, s.redis)
	for name, shot := range map[string]struct {
		page string
		look chromium.Look
	}{
		"overview":    {s.url + "?over=24h", chromium.Look{Width: 1200, Height: 1370}},
		"task-dark":   {s.url + "task?over=24h&name=billing.Pay", chromium.Look{Width: 1200, Height: 980, Dark: true}},
		"interrupted": {s.page(opstest.Interrupted), chromium.Look{Width: 1200, Height: 1060}},
	} {
		p := browser.Open(shot.look)
		p.Visit(shot.page)
		if name == "interrupted" {
			p.Eval(`document.querySelector(".actions details").open = true`, nil)
		}
		require.NoError(t, os.WriteFile(filepath.Join("..", "..", "..", "docs", "console", name+".png"), p.Screenshot(), 0o644))
	}
}

// furnish adds what a shop of some size has.
func furnish(t *testing.T, client *redis.Client) {
	t.Helper()
	pipe := client.Pipeline()
	records := opstest.Records()
	for n := range 900 {
		for task, share := range map[string]int{"billing.Pay": 3, "webhook.Deliver": 1, "transfer.TransferFunds": 30} {
			if n%share == 0 {
				pipe.Set(t.Context(), fmt.Sprintf("idempotency:%s:%d", task, 1000+n), records[3].Record.Bytes(), time.Hour)
			}
		}
	}
	for n := range 3 {
		running := records[0].Record
		running.Lease, running.Retention = 10*time.Minute, time.Hour+10*time.Minute
		running.Started = time.Now().Add(-time.Duration(n*n+2) * time.Second).UnixMicro()
		pipe.Set(t.Context(), fmt.Sprintf("idempotency:webhook.Deliver:evt_%d", 90+n), running.Bytes(), running.Retention-time.Second*time.Duration(n))
	}
	pipe.Del(t.Context(), opstest.Running, opstest.Corrupt)
	_, err := pipe.Exec(t.Context())
	require.NoError(t, err)
}

// contrasts lists the texts on a page that stand out from what is behind them by less
// than 4.5 to 1, as WCAG 2.2 counts it for AA, or 3 to 1 for what is large or only a
// hint.
const contrasts = `(() => {
	const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
	const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
	const color = text => text.match(/[\d.]+/g).map(Number);
	const paper = e => {
		for (; e; e = e.parentElement) {
			const c = color(getComputedStyle(e).backgroundColor);
			if (c.length < 4 || c[3] > 0) return c;
		}
		return [255, 255, 255];
	};
	const faint = new Set();
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	let texts = 0;
	while (walker.nextNode()) {
		const e = walker.currentNode.parentElement;
		if (!walker.currentNode.textContent.trim() || !e.checkVisibility() || e.matches("option, script")) continue;
		texts++;
		const style = getComputedStyle(e);
		const ink = light(color(e.namespaceURI.endsWith("svg") ? style.fill : style.color)), back = light(paper(e));
		const ratio = (Math.max(ink, back) + 0.05) / (Math.min(ink, back) + 0.05);
		const large = parseFloat(style.fontSize) >= 24 || e.matches(".zero");
		if (ratio < (large ? 3 : 4.5)) faint.add(e.tagName + "." + e.className + " " + ratio.toFixed(2) + ": " + e.textContent.trim().slice(0, 30));
	}
	if (texts < 10) faint.add("the page has only " + texts + " texts");
	return [...faint];
})()`
