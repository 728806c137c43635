// Package blastradius counts the files of a large site that one edit changes.
// It holds tests alone, and is a package of its own since they take long.
package blastradius
