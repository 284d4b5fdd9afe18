// Package access is access control for any HTTP handler: it decides who may see what the handler serves.
//
//	users, err := access.OpenUsers("/etc/mjpegazer/users", nil) // as htpasswd -B writes it
//	…
//	control := &access.Control{Users: users, Hosts: []string{"cameras.example"}}
//	server := &http.Server{Handler: control.Handler(handler, "/health"), BaseContext: access.BaseContext}
//
// A [Control] checks, in this order:
//
//   - the name by which the server is asked for ([Control.Hosts]), against DNS rebinding;
//   - the origin of the page that asks ([Control.Origins], CORS);
//   - the link, where the address has one ([Links]): it shows one camera until a certain time, to anybody;
//   - the login: a user's name and password by Basic authentication ([Users]), or a token ([Token]) as a bearer token, as
//     ?token= in the address, or as the cookie that a browser gets for such an address.
//
// Not all who are let in need see all: [Control.Viewers] and [Control.Anonymous] say who may see which camera. The handler asks
// by [Sees] and [Watches], and whatever is around the Control says by [WithTarget] what a request is for. A camera may be
// anything that has a name.
//
// It answers by itself, with one line of text that says what to do, and browsers that lack a token with a form for it:
//
//   - 204 to the question of a browser whether a page may read the answer (the CORS preflight);
//   - 303 to a browser that opens a page with ?token=: it gets a cookie, which it keeps for 30 days, and the same address
//     without the token; and to one that posts the form;
//   - 401 without a login, or with a wrong one, a second after it came;
//   - 403 to a name that the server does not go by, to a form for the token on a page of another site, and to a link that was
//     changed, or has expired;
//   - 429 where more than 1024 logins wait for their check.
//
// Passwords and tokens are in files that may change while the server runs, and must be sent over TLS, or a proxy that speaks
// TLS, wherever others can listen to the network.
package access
