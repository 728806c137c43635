//go:build race

package search

// The race detector makes counting bytes ten times as slow, and has seen the
// concurrency of an index long before its ten thousandth page.
func init() { slow = true }
