// Package wire is the control messages between coordinator and workers. Batches
// never ride in them.
//
// Every message names its query and attempt: a message of an attempt that is over
// is ignored, and any message may arrive twice.
package wire
