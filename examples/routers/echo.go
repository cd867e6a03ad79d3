package routers

import (
	"net/http"

	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
)

// Echo serves payments by echo.
func Echo(requests *idemhttp.Middleware, pay Pay) http.Handler {
	e := echo.New()
	e.Use(middleware.Recover())
	e.POST("/orders/:id/pay", func(c *echo.Context) error {
		receipt, err := pay(c.Request().Context(), c.Param("id"))
		if err != nil {
			return echo.NewHTTPError(http.StatusNotFound, err.Error())
		}
		return c.String(http.StatusCreated, receipt)
	}, echoMiddleware(requests))
	return e
}

// echoMiddleware mounts the middleware so that a handler's error becomes a response
// before the middleware takes it. Outside, where echo does that, it would be too late:
// the middleware would have seen a handler that wrote nothing.
func echoMiddleware(requests *idemhttp.Middleware) echo.MiddlewareFunc {
	wrap := echo.WrapMiddleware(requests.Wrap)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return wrap(func(c *echo.Context) error {
			if err := next(c); err != nil {
				c.Echo().HTTPErrorHandler(c, err)
			}
			return nil
		})
	}
}
