package console

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/hex"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/idemgen/idemgen/runtime/ops"
)

// A Console is an [http.Handler].
type Console struct {
	inspector *ops.Inspector
	looker    *looker
	recorder  *Recorder
	name      string
	writes    bool
	payloads  bool
	logger    *slog.Logger
	origin    *http.CrossOriginProtection
}

// An Option sets up a [Console].
type Option func(*Console)

// WithRecorder adds charts of what the recorder sees.
func WithRecorder(r *Recorder) Option { return func(c *Console) { c.recorder = r } }

// WithWrites permits to forget and to resolve. Whoever reaches the console may then
// do so: it asks for the same origin and a token of its own, but not who it is.
func WithWrites() Option { return func(c *Console) { c.writes = true } }

// WithPayloads shows reason, metadata and value on a record's page.
func WithPayloads() Option { return func(c *Console) { c.payloads = true } }

// WithName says which Redis this is, for instance "production".
func WithName(name string) Option { return func(c *Console) { c.name = name } }

// WithLogger sets where changes are logged, and why a page could not be made: by
// default slog.Default().
func WithLogger(l *slog.Logger) Option { return func(c *Console) { c.logger = l } }

// New returns a console that shows what the inspector sees. It looks through Redis
// only while somebody watches, once for all who do, at the inspector's rate, and then
// rests five times as long as that took.
func New(inspector *ops.Inspector, opts ...Option) *Console {
	c := &Console{
		inspector: inspector,
		looker:    &looker{inspector: inspector},
		logger:    slog.Default(),
		origin:    http.NewCrossOriginProtection(),
	}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

//go:embed assets
var assets embed.FS

// assetTypes are the files that browsers ask for, and what they are.
var assetTypes = map[string]string{
	"style.css": "text/css; charset=utf-8",
	"live.js":   "text/javascript; charset=utf-8",
	"icon.svg":  "image/svg+xml",
}

// assetVersion changes with the files, so that browsers may keep them.
var assetVersion = func() string {
	h := sha256.New()
	for _, name := range []string{"style.css", "live.js", "icon.svg"} {
		data, _ := fs.ReadFile(assets, "assets/"+name)
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}()

// policy lets a page use nothing but what this handler serves.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// ServeHTTP implements [http.Handler].
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")

	page := path.Base(r.URL.Path)
	if strings.HasSuffix(r.URL.Path, "/") {
		page = ""
	}
	switch reads := r.Method == http.MethodGet || r.Method == http.MethodHead; {
	case r.URL.Path == "": // links are relative to a folder
		redirect(w, path.Base(strings.SplitN(r.RequestURI, "?", 2)[0])+"/")
	case page == "record" && r.Method == http.MethodPost:
		c.change(w, r)
	case !reads:
		c.refuse(w, r, http.StatusMethodNotAllowed, "There is nothing to do here.")
	case page == "":
		c.overview(w, r)
	case page == "task":
		c.task(w, r)
	case page == "record":
		c.record(w, r)
	case assetTypes[page] != "":
		data, _ := fs.ReadFile(assets, "assets/"+page)
		h.Set("Content-Type", assetTypes[page])
		h.Set("Cache-Control", "public, max-age=31536000, immutable") // the URL has a version
		http.ServeContent(w, r, page, startTime, bytes.NewReader(data))
	default:
		c.refuse(w, r, http.StatusNotFound, "There is no such page.")
	}
}

// redirect sends the browser to a page beside this one. http.Redirect would take
// the path for the whole one, which it is not behind a StripPrefix or a proxy.
func redirect(w http.ResponseWriter, relative string) {
	w.Header().Set("Location", relative)
	w.WriteHeader(http.StatusSeeOther)
}

var pages = template.Must(template.New("").Funcs(functions).ParseFS(assets, "assets/*.html"))

// A frame is what every page has.
type frame struct {
	Title   string
	Name    string
	Prefix  string
	Version string // of the assets
	Key     string // in the search field
}

func (c *Console) frame(title string) frame {
	return frame{Title: title, Name: c.name, Prefix: c.inspector.Prefix(), Version: assetVersion}
}

// render writes a page, whole or not at all.
func (c *Console) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		c.logger.ErrorContext(r.Context(), "idem console: a page cannot be made", "page", name, "error", err)
		http.Error(w, "This page cannot be made; the log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// refuse writes a page that says why there is no other.
func (c *Console) refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	c.render(w, r, status, "refusal.html", struct {
		frame
		Message string
	}{c.frame(http.StatusText(status)), message})
}

// The token that a change needs: in a cookie that no other site can read or have
// sent, and in the form.
const tokenCookie = "idem-console"

// token returns the browser's token, and gives it one where it has none.
func token(w http.ResponseWriter, r *http.Request) string {
	if cookie, err := r.Cookie(tokenCookie); err == nil && len(cookie.Value) >= 26 {
		return cookie.Value
	}
	text := rand.Text()
	http.SetCookie(w, &http.Cookie{
		Name: tokenCookie, Value: text, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	return text
}

// Why a change is refused before anything is looked at.
var (
	errReadOnly = errors.New("this console only reads")
	errForeign  = errors.New("the request does not come from a page of this console")
	errToken    = errors.New("the form's token is not this browser's: reload the page, and allow its cookie")
)

// permitted tells whether a request may change something.
func (c *Console) permitted(r *http.Request) error {
	if !c.writes {
		return errReadOnly
	}
	if c.origin.Check(r) != nil {
		return errForeign
	}
	cookie, err := r.Cookie(tokenCookie)
	if err != nil || len(cookie.Value) < 26 ||
		subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(r.PostFormValue("token"))) != 1 {
		return errToken
	}
	return nil
}

// recordURL is a record's page, from any other.
func recordURL(key string) string { return "record?" + url.Values{"key": {key}}.Encode() }
