// Package wire is the control messages between coordinator and workers. Batches
// never ride in them.
//
// Every message names its query and attempt: a message of an attempt that is over
// is ignored, and any message may arrive twice.
//
// Within a process messages are handed over as they are. Between processes they
// cross in the form of Codec: a plan as its Substrait bytes, an error with code, span
// and hint, a profile as counts that come back. Unknown versions, fields and kinds are refused.
//
// Reading order: message.go, codec.go, codec_run.go.
package wire
