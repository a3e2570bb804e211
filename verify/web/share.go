package web

import (
	"net/http"
	"slices"
	"strings"
)

// isShared says whether a page of another origin may read the answer: what is for programs, and the verdicts, which hold nothing that the one
// who asks does not hold already. No cookie and no log-in is in play.
func isShared(p string) bool {
	for _, prefix := range []string{"/api/", "/c/", "/n/", "/s/"} {
		if strings.HasPrefix(p, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"/openapi.json", "/.well-known/jwks.json", rootsPath}, p)
}

// markShared tells a browser so (CORS, Fetch Standard, 3.2).
func markShared(w http.ResponseWriter, r *http.Request) {
	if isShared(r.URL.Path) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	}
}

// share answers the question that a browser asks before it sends JSON or a file to another origin, and marks every other answer.
func share(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		markShared(w, r)
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" || !isShared(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		methods := "GET, HEAD"
		if strings.HasPrefix(r.URL.Path, "/api/") {
			methods = "POST"
		}
		w.Header().Set("Access-Control-Allow-Methods", methods)
		w.Header().Set("Access-Control-Allow-Headers", "Accept, Content-Type")
		w.Header().Set("Access-Control-Max-Age", "7200") // no browser keeps it for longer
		w.WriteHeader(http.StatusNoContent)
	})
}
