// Package wholebuild holds tests alone: what the design promises of whole
// builds, tried on the compiled tool in processes of its own. Each file is one
// promise: the same site as Hugo's, the same bytes, all or nothing, an end.
//
// DUSKPRESS_HEAVY=1 makes the runs long.
package wholebuild
