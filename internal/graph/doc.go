// Package graph holds no code. Its tests guard the shape of the whole module: which package may know which, where private keys
// may be touched, and that what the documents promise is there. Each failure says why the rule stands.
package graph
