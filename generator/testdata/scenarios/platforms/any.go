// Package platforms has tasks that only some platforms compile.
package platforms
