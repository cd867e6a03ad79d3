package generator

import "time"

const (
	// pollBlind is how often the runtime looks at the store where it cannot be
	// woken; a test sees to it that it is what the runtime says.
	pollBlind = 250 * time.Millisecond
	// Nobody can look into a crash in less than soonest; in less than soon it
	// takes luck.
	soonest = 10 * time.Minute
	soon    = time.Hour
)

// checkPolicies reports options that contradict each other.
func (p *planner) checkPolicies(t *subject, plan *taskPlan) {
	a := t.annotation
	if _, stated := a.stated["lease"]; stated && a.Lease > a.TTL {
		p.at(a.at("lease"), codeLeasePastTTL, "lease=%s is longer than ttl=%s, so that a crashed execution would be waited for longer than a finished one is remembered: write a shorter lease or a longer ttl",
			shortDuration(a.Lease), shortDuration(a.TTL))
	}
	if a.Wait > 0 && a.Wait < pollBlind {
		p.note(a.at("wait"), codeShortWait, "wait=%s is shorter than a poll, %s: a duplicate that no wake-up reaches does not look a second time; write wait=0 for ErrInProgress at once, or a longer wait",
			shortDuration(a.Wait), pollBlind)
	}
	if a.OnDuplicate == "return-cached" && a.OnError != "store" && plan.Valueless && len(t.outputs) == 0 {
		p.at(a.at("on-duplicate"), codeNoResult, "return-cached has nothing to return: %s of %s returns only an error; return a result, tag output fields `idem:\"out\"`, store errors with on-error=store, or write on-duplicate=skip",
			plan.Method, plan.TypeName)
	}
	if a.OnCrash != "fail" || a.TTL >= soon {
		return
	}
	const why = "on-crash=fail with ttl=%s: an interrupted execution is forgotten, and then runs again, before anybody can have looked into it; write a longer ttl, as ttl=7d, or on-crash=retry"
	if a.TTL < soonest {
		p.at(a.at("ttl"), codeTooSoon, why, shortDuration(a.TTL))
		return
	}
	p.note(a.at("ttl"), codeSoon, why, shortDuration(a.TTL))
}
