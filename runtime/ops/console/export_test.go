package console

import "time"

// SetClock lets tests say what time it is.
func (r *Recorder) SetClock(now func() time.Time) { r.now = now }

// Counts adds up what the recorder knows of a task in a window, as name and number.
func (r *Recorder) Counts(task, over string) map[string]int {
	buckets, _ := r.history(task, windowOf(over))
	t := sum(buckets)
	return map[string]int{
		"executions": int(t.executions), "duplicates": int(t.duplicates), "waits": int(t.waits), "takeovers": int(t.takeovers),
		"lost": int(t.lost), "refused": int(t.refused), "released": int(t.released), "unprotected": int(t.unprotected),
	}
}

// Quantile is that of how long a task's executions took in a window.
func (r *Recorder) Quantile(task, over string, q float64) (time.Duration, bool) {
	buckets, _ := r.history(task, windowOf(over))
	t := sum(buckets)
	return quantile(t.took[:], q)
}

// Names returns the tasks that have been seen.
func (r *Recorder) Names() []string { return r.names() }
