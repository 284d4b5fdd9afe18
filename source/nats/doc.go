// Package nats reads the cameras of other machines by NATS, and publishes this one's for them: where an edge, the machine that has
// the camera, cannot be dialled, and where a second one stands by.
//
// A [Camera] reads one, as a [mjpegazer/stream.Source]; a [Publisher] is the edge's side. Both speak core NATS, without JetStream,
// on three subjects for each camera, below a root that is mjpegazer unless it is said otherwise. A dot in a camera's name is
// written as %2E.
//
//	ROOT.NAME.frames   one picture: Time (microseconds since 1970), Sequence, Edge, Term, Arrived (at the edge, microseconds) and Via
//	                   in the headers, the JPEG as the payload
//	ROOT.NAME.want     a request, once a second while somebody watches, valid for 3 s; Via in the headers: who asks, and for whom
//	ROOT.NAME.beat     once in 100 ms from the edge that publishes: Edge, Term and, where there are no pictures, the Reason
//
// Edges tell of their cameras on ROOT.names, where a program asks them that shows a list: JSON objects of a name, a title and
// variant_of, in answers of which each names its Edge and Rank.
//
// Where nobody wants a camera it is neither read nor published. Of several edges that have a camera of one name, one publishes: an
// edge of rank N begins N × 350 ms after the last beat, with a higher term, and the higher term wins. Who watches keeps to one
// edge, and goes over to another one after 300 ms of silence.
//
// NATS is for links with room: on one that cannot carry all pictures, they grow old in the queues of the servers.
//
// The client of NATS makes the program larger by a third, so that it is in it only if it was built with -tags nats: see [Built].
package nats
