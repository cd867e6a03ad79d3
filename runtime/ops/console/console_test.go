package console_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/opstest"
	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
	"github.com/idemgen/idemgen/runtime/ops/console"
)

// An answer is what a request came to.
type answer struct {
	status int
	header http.Header
	body   string
}

// A visitor is a browser that keeps cookies and follows no redirect.
type visitor struct {
	t      *testing.T
	client *http.Client
}

func newVisitor(t *testing.T) visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return visitor{t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (v visitor) do(method, target string, form url.Values, header http.Header) answer {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, target, strings.NewReader(form.Encode()))
	require.NoError(v.t, err)
	maps.Copy(request.Header, header)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := v.client.Do(request)
	require.NoError(v.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(v.t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

func (v visitor) get(target string) answer {
	v.t.Helper()
	return v.do(http.MethodGet, target, nil, nil)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// form returns what a record's page would send to do something.
func (v visitor) form(page, action string) url.Values {
	v.t.Helper()
	form := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(v.get(page).body, -1) {
		form.Set(field[1], field[2])
	}
	form.Set("action", action)
	form.Set("sure", "yes")
	return form
}

func TestItWorksBelowAnyPath(t *testing.T) {
	client := redistest.Start(t).Client()
	require.NoError(t, opstest.Seed(t.Context(), client))
	handler := console.New(ops.New(client))
	for name, mounted := range map[string]struct {
		handler http.Handler
		path    string
	}{
		"at the root":             {handler, "/"},
		"below a path":            {handler, "/admin/idem/"},
		"below a path cut off":    {http.StripPrefix("/admin/idem", handler), "/admin/idem/"},
		"below a path wholly off": {http.StripPrefix("/admin/idem/", handler), "/admin/idem/x/"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(mounted.handler)
			defer server.Close()
			v := newVisitor(t)
			base := server.URL + mounted.path
			overview := v.get(base)
			require.Equal(t, http.StatusOK, overview.status)
			links := regexp.MustCompile(`(?:href|src|action)="([^"]+)"`).FindAllStringSubmatch(overview.body, -1)
			require.Greater(t, len(links), 8)
			for _, link := range links {
				assert.NotRegexp(t, `^(/|\w+:)`, link[1], "a link that does not depend on where the console is")
				target, err := url.Parse(base)
				require.NoError(t, err)
				target, err = target.Parse(strings.ReplaceAll(link[1], "&amp;", "&"))
				require.NoError(t, err)
				if !strings.HasSuffix(link[1], "record") {
					assert.Equal(t, http.StatusOK, v.get(target.String()).status, link[1])
				}
			}
		})
	}
	server := httptest.NewServer(http.StripPrefix("/admin/idem", handler))
	defer server.Close()
	a := newVisitor(t).get(server.URL + "/admin/idem?over=24h")
	assert.Equal(t, http.StatusSeeOther, a.status)
	assert.Equal(t, "idem/", a.header.Get("Location"), "without its slash it says where it is")
}

func TestPagesSayWhatThereIs(t *testing.T) {
	s := newStage(t)
	v := newVisitor(t)
	overview := v.get(s.url)
	assert.Contains(t, overview.body, "2 executions may need you")
	assert.Contains(t, overview.body, "its format &#34;i2&#34; is not")
	assert.NotContains(t, overview.body, "What this process has seen", "there is no recorder")
	assert.NotContains(t, overview.body, opstest.Done, "answers are only counted")

	task := v.get(s.url + "task?name=transfer.TransferFunds")
	assert.Contains(t, task.body, opstest.Interrupted)
	assert.NotContains(t, task.body, ">"+opstest.Running+"<")
	assert.Equal(t, http.StatusNotFound, v.get(s.url+"task?name=no.Such").status)

	for key, want := range map[string]string{
		opstest.Running: "Somebody waits for it", opstest.Released: "The next caller runs it", opstest.Corrupt: "Callers get ErrCorrupt",
		opstest.Done: "a payload, which this console does not show", opstest.Skipped: ">skipped<",
	} {
		a := v.get(s.page(key))
		assert.Equal(t, http.StatusOK, a.status)
		assert.Contains(t, a.body, want)
		assert.NotContains(t, a.body, "<form method", "it only reads")
		assert.Empty(t, a.header["Set-Cookie"])
	}
	absent := v.get(s.page("idempotency:billing.Pay:0"))
	assert.Equal(t, http.StatusNotFound, absent.status)
	assert.Contains(t, absent.body, "Nothing is stored under this key")
	assert.Equal(t, "./", v.get(s.url+"record?key=").header.Get("Location"))
	assert.Equal(t, http.StatusNotFound, v.get(s.url+"nonsense").status)
	assert.Equal(t, http.StatusMethodNotAllowed, v.do(http.MethodDelete, s.url+"record", nil, nil).status)
}

func TestAPayloadIsShownByOptionOnly(t *testing.T) {
	for _, shown := range []bool{false, true} {
		var opts []console.Option
		if shown {
			opts = append(opts, console.WithPayloads())
		}
		s := newStage(t, opts...)
		v := newVisitor(t)
		assert.Equal(t, shown, strings.Contains(v.get(s.page(opstest.Done)).body, "R-19"))
		assert.Equal(t, shown, strings.Contains(v.get(s.page(opstest.Failed)).body, "card expired"))
		assert.Equal(t, shown, strings.Contains(v.get(s.page(opstest.Failed)).body, "CARD_EXPIRED"))
		assert.NotContains(t, v.get(s.url).body, "card expired")
	}
}

func TestForeignTextIsNoMarkup(t *testing.T) {
	s := newStage(t, console.WithPayloads(), console.WithWrites())
	const evil = `<script>alert(1)</script>"'`
	key := "idempotency:a" + evil + ":1"
	done := opstest.Records()[3].Record
	done.Note, done.Value, done.Codec = []byte(`{"reason":"<script>","metadata":{"<script>":"<script>"}}`), []byte(evil+"\x1b[m\u202e"), "text"
	require.NoError(t, s.redis.Set(t.Context(), key, done.Bytes(), time.Hour).Err())
	require.NoError(t, s.redis.Set(t.Context(), "idempotency:<script>:2", "<script>\n", time.Hour).Err())
	v := newVisitor(t)
	for _, page := range []string{s.url, s.page(key), s.page(evil), s.url + "task?" + url.Values{"name": {"a" + evil}}.Encode(), s.url + "task?name=" + url.QueryEscape(evil)} {
		body := v.get(page).body
		assert.Equal(t, 1, strings.Count(body, "<script"), "%s: its own only", page)
		assert.NotContains(t, body, "\x1b")
		assert.NotContains(t, body, "\u202e")
	}
	assert.Contains(t, v.get(s.page(key)).body, `\x1B[m\xE2\x80\xAE`)
}

func TestAChangeNeedsTheOptionTheOriginAndTheToken(t *testing.T) {
	state := func(s stage, key string) idem.State {
		r, err := ops.New(s.redis).Get(t.Context(), key)
		require.NoError(t, err)
		return r.State
	}
	reads := newStage(t)
	v := newVisitor(t)
	form := v.form(reads.page(opstest.Interrupted), "forget")
	form.Set("key", opstest.Interrupted)
	a := v.do(http.MethodPost, reads.url+"record", form, nil)
	assert.Equal(t, http.StatusForbidden, a.status)
	assert.Contains(t, a.body, "this console only reads")

	var log bytes.Buffer
	s := newStage(t, console.WithWrites(), console.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	form = v.form(s.page(opstest.Interrupted), "forget")
	for name, request := range map[string]struct {
		header http.Header
		change func(url.Values)
		want   string
	}{
		"from another site":        {header: http.Header{"Sec-Fetch-Site": {"cross-site"}}, want: "does not come from a page of this console"},
		"from a neighbour":         {header: http.Header{"Sec-Fetch-Site": {"same-site"}}, want: "does not come from a page of this console"},
		"of another origin":        {header: http.Header{"Origin": {"https://evil.example"}}, want: "does not come from a page of this console"},
		"without a token":          {change: func(f url.Values) { f.Del("token") }, want: "token"},
		"with another one's token": {change: func(f url.Values) { f.Set("token", strings.Repeat("A", 26)) }, want: "token"},
	} {
		t.Run(name, func(t *testing.T) {
			mine := maps.Clone(form)
			if request.change != nil {
				request.change(mine)
			}
			a := v.do(http.MethodPost, s.url+"record", mine, request.header)
			assert.Equal(t, http.StatusForbidden, a.status)
			assert.Contains(t, a.body, request.want)
		})
	}
	a = newVisitor(t).do(http.MethodPost, s.url+"record", form, nil)
	assert.Equal(t, http.StatusForbidden, a.status, "a browser without the cookie")
	assert.Equal(t, http.StatusMethodNotAllowed, v.do(http.MethodPut, s.url+"record", form, nil).status)
	require.Equal(t, http.StatusOK, v.get(s.url+"record?"+form.Encode()).status)
	assert.Equal(t, idem.StateInterrupted, state(s, opstest.Interrupted), "so far nothing was changed")

	unsure := v.form(s.page(opstest.Interrupted), "forget")
	unsure.Del("sure")
	a = v.do(http.MethodPost, s.url+"record", unsure, nil)
	assert.Equal(t, http.StatusBadRequest, a.status)
	assert.Contains(t, a.body, "tick the box")
	assert.Equal(t, idem.StateInterrupted, state(s, opstest.Interrupted))

	a = v.do(http.MethodPost, s.url+"record", form, http.Header{"Sec-Fetch-Site": {"same-origin"}})
	require.Equal(t, http.StatusSeeOther, a.status)
	assert.Equal(t, "record?"+url.Values{"key": {opstest.Interrupted}}.Encode()+"&done=forgotten", a.header.Get("Location"))
	assert.Equal(t, idem.StateReleased, state(s, opstest.Interrupted))
	assert.Contains(t, log.String(), `msg="idem console: forget" key=idempotency:transfer.TransferFunds:ada:bob:750:rent%20May`)
	cookie := v.get(s.page(opstest.Done)).header.Get("Set-Cookie")
	assert.Empty(t, cookie, "it has one already")
	assert.Regexp(t, `^idem-console=[A-Z2-7]{26}; HttpOnly; SameSite=Strict$`, newVisitor(t).get(s.page(opstest.Done)).header.Get("Set-Cookie"))
}

func TestWhatCannotBeChangedIsSaidSo(t *testing.T) {
	s := newStage(t, console.WithWrites())
	v := newVisitor(t)
	stale := v.form(s.page(opstest.Interrupted), "forget")
	running := v.form(s.page(opstest.Interrupted), "forget")
	running.Set("key", opstest.Running)
	a := v.do(http.MethodPost, s.url+"record", running, nil)
	assert.Equal(t, http.StatusConflict, a.status)
	assert.Contains(t, a.body, "an owner holds a live lease")
	assert.NotContains(t, a.body, `value="forget"`, "nothing can be done to it")

	resolve := v.form(s.page(opstest.Interrupted), "resolve")
	resolve.Set("value", "receipt-1")
	a = v.do(http.MethodPost, s.url+"record", resolve, nil)
	assert.Equal(t, http.StatusBadRequest, a.status)
	assert.Contains(t, a.body, "the value is no JSON")
	assert.Contains(t, a.body, ">receipt-1</textarea>", "what was written is not lost")
	resolve.Set("value", `"receipt-1"`)
	a = v.do(http.MethodPost, s.url+"record", resolve, nil)
	assert.Equal(t, http.StatusSeeOther, a.status)
	r, err := ops.New(s.redis).Get(t.Context(), opstest.Interrupted)
	require.NoError(t, err)
	assert.Equal(t, `"receipt-1"`, string(r.Value))

	a = v.do(http.MethodPost, s.url+"record", stale, nil)
	assert.Equal(t, http.StatusConflict, a.status)
	assert.Contains(t, a.body, "no longer the one that you saw")
	a = v.do(http.MethodPost, s.url+"record", v.form(s.page(opstest.Done), "nonsense"), nil)
	assert.Equal(t, http.StatusBadRequest, a.status)
	large := v.form(s.page(opstest.Released), "resolve")
	large.Set("value", `"`+strings.Repeat("x", 2<<20)+`"`)
	a = v.do(http.MethodPost, s.url+"record", large, nil)
	assert.Equal(t, http.StatusBadRequest, a.status)
	assert.Contains(t, a.body, "WithMaxRecordSize allows 1048576")
}

func TestABrowserIsToldWhatAPageMayDo(t *testing.T) {
	s := newStage(t)
	v := newVisitor(t)
	for _, page := range []string{"", "task?name=billing.Pay", "record?key=x", "style.css", "nonsense"} {
		h := v.get(s.url + page).header
		assert.Equal(t, "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; frame-ancestors 'none'; base-uri 'none'", h.Get("Content-Security-Policy"), page)
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), page)
	}
	assert.Equal(t, "no-store", v.get(s.url).header.Get("Cache-Control"))
	assert.Contains(t, v.get(s.url+"style.css").header.Get("Cache-Control"), "immutable")
	assert.Equal(t, "text/javascript; charset=utf-8", v.get(s.url+"live.js").header.Get("Content-Type"))
	head := v.do(http.MethodHead, s.url, nil, nil)
	assert.Equal(t, http.StatusOK, head.status)
	assert.Empty(t, head.body)
}

func TestAllWhoWatchShareOneLook(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	require.NoError(t, opstest.Seed(t.Context(), client))
	web := httptest.NewServer(console.New(ops.New(client, ops.WithCount(1000))))
	t.Cleanup(web.Close)
	began := time.Now()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { assert.Equal(t, http.StatusOK, newVisitor(t).get(web.URL).status) })
	}
	all.Wait()
	assert.LessOrEqual(t, server.CommandStats()["scan"], 1+int(time.Since(began)/(4*time.Second)), "one look each few seconds")
}

func TestALongLookSaysHowFarItIs(t *testing.T) {
	client := redistest.Start(t).Client()
	require.NoError(t, opstest.Fill(t.Context(), client, 5000, 1))
	web := httptest.NewServer(console.New(ops.New(client, ops.WithCount(100), ops.WithRate(1000))))
	t.Cleanup(web.Close)
	body := newVisitor(t).get(web.URL).body
	assert.Regexp(t, `Looking through Redis: \d+ %`, body)
	assert.NotContains(t, body, "Nothing is stuck", "nobody knows yet")
}

func TestOnlySoManyAreKept(t *testing.T) {
	client := redistest.Start(t).Client()
	running := opstest.Records()[0].Record
	pipe := client.Pipeline()
	const many = 1200
	for n := range many {
		running.Started = time.Now().Add(-time.Duration(n) * time.Second).UnixMicro()
		pipe.Set(t.Context(), fmt.Sprintf("idempotency:billing.Pay:%d", n), running.Bytes(), 72*time.Hour)
	}
	_, err := pipe.Exec(t.Context())
	require.NoError(t, err)
	web := httptest.NewServer(console.New(ops.New(client, ops.WithRate(0))))
	t.Cleanup(web.Close)
	body := newVisitor(t).get(web.URL).body
	assert.Contains(t, body, "<b>1,200</b> running")
	assert.Equal(t, 500, strings.Count(body, "<span class=\"state running\">"))
	assert.Contains(t, body, "And 700 more")
	assert.Contains(t, body, ">idempotency:billing.Pay:1199<", "the oldest")
	assert.NotContains(t, body, ">idempotency:billing.Pay:0<")
}

func TestARedisThatIsGoneIsSaidSo(t *testing.T) {
	server := redistest.Start(t)
	web := httptest.NewServer(console.New(ops.New(server.Client())))
	t.Cleanup(web.Close)
	v := newVisitor(t)
	assert.Contains(t, v.get(web.URL).body, "Nothing is stuck")
	server.Kill()
	a := v.get(web.URL + "/record?key=idempotency:billing.Pay:17")
	assert.Equal(t, http.StatusServiceUnavailable, a.status)
	assert.Contains(t, a.body, "Redis does not answer")

	fresh := httptest.NewServer(console.New(ops.New(server.Client())))
	t.Cleanup(fresh.Close)
	body := ""
	for end := time.Now().Add(time.Minute); !strings.Contains(body, "cannot be looked through") && time.Now().Before(end); {
		body = v.get(fresh.URL).body
	}
	assert.Contains(t, body, "Redis cannot be looked through: ")
}
