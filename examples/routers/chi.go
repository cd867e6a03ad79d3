package routers

import (
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/idemgen/idemgen/runtime/idemhttp"
)

// Chi serves payments by chi, whose middleware is net/http's.
func Chi(requests *idemhttp.Middleware, pay Pay) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.Recoverer)
	r.With(requests.Wrap).Post("/orders/{id}/pay", func(w http.ResponseWriter, r *http.Request) {
		receipt, err := pay(r.Context(), chi.URLParam(r, "id"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, receipt)
	})
	return r
}
