package routers

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/idemgen/idemgen/runtime/idemhttp"
)

// Gin serves payments by gin.
func Gin(requests *idemhttp.Middleware, pay Pay) http.Handler {
	r := gin.New()
	r.Use(gin.RecoveryWithWriter(io.Discard))
	r.POST("/orders/:id/pay", ginMiddleware(requests), func(c *gin.Context) {
		receipt, err := pay(c.Request.Context(), c.Param("id"))
		if err != nil {
			c.String(http.StatusNotFound, err.Error())
			return
		}
		c.String(http.StatusCreated, receipt)
	})
	return r
}

// ginMiddleware puts the middleware's response writer in place of gin's, for the
// handlers that come after it.
func ginMiddleware(requests *idemhttp.Middleware) gin.HandlerFunc {
	return func(c *gin.Context) {
		outer, handled := c.Writer, false
		defer func() { c.Writer = outer }() // also for who recovers a panic
		requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handled = true
			c.Request, c.Writer = r, &ginWriter{ResponseWriter: outer, inner: w, status: http.StatusOK}
			c.Next()
			c.Writer.WriteHeaderNow()
		})).ServeHTTP(outer, c.Request)
		if !handled {
			c.Abort()
		}
	}
}

// A ginWriter writes to a net/http response in the way of gin, where a status may be
// changed until something is written.
type ginWriter struct {
	gin.ResponseWriter // for CloseNotify and Pusher
	inner              http.ResponseWriter
	status, size       int
	written            bool
}

func (w *ginWriter) Header() http.Header         { return w.inner.Header() }
func (w *ginWriter) Unwrap() http.ResponseWriter { return w.inner }
func (w *ginWriter) Status() int                 { return w.status }
func (w *ginWriter) Written() bool               { return w.written }

func (w *ginWriter) Size() int {
	if !w.written {
		return -1
	}
	return w.size
}

func (w *ginWriter) WriteHeader(status int) {
	if status > 0 && !w.written {
		w.status = status
	}
}

func (w *ginWriter) WriteHeaderNow() {
	if !w.written {
		w.written = true
		w.inner.WriteHeader(w.status)
	}
}

func (w *ginWriter) Write(p []byte) (int, error) {
	w.WriteHeaderNow()
	n, err := w.inner.Write(p)
	w.size += n
	return n, err
}

func (w *ginWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

func (w *ginWriter) Flush() {
	w.WriteHeaderNow()
	_ = http.NewResponseController(w.inner).Flush()
}

func (w *ginWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.written = true
	return http.NewResponseController(w.inner).Hijack()
}
