"""The controls of the generated service, each with an edit that takes it out and the tests that must notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Control:
    """One control, or one of its promises.

    Attributes:
        name: what it promises.
        file: where it is kept, below src/service.
        kept: the code that keeps it.
        broken: the same without it.
        tests: those of the project that must fail then.
    """

    name: str
    file: str
    kept: str
    broken: str
    tests: str


CONTROLS = [
    Control(
        "an unknown key is refused",
        "auth/keys.py",
        "if not hmac.compare_digest(known, digest):",
        "if False:",
        "unit/test_auth.py",
    ),
    Control(
        "an expired key is refused", "auth/keys.py", "if self._clock() >= expires:", "if False:", "unit/test_auth.py"
    ),
    Control(
        "keys are read anew", "auth/keys.py", "or _state(self._path) == self._state", "or True", "unit/test_auth.py"
    ),
    Control(
        "who may not do it is refused",
        "auth/principal.py",
        "if scope not in principal.scopes:",
        "if False:",
        "unit/test_auth.py",
    ),
    Control(
        "predictions need a scope",
        "desk.py",
        "require(principal, scope)",
        "",
        "contract/test_controls.py::test_a_key_without_the_scope_is_known_but_not_allowed",
    ),
    Control(
        "algorithms are ours to choose",
        "auth/tokens.py",
        "or algorithm not in self._algorithms:",
        "or False:",
        "unit/test_tokens.py",
    ),
    Control(
        "a token is for this service",
        "auth/tokens.py",
        "audience=self._audience,",
        'audience=jwt.decode(token, options={"verify_signature": False})["aud"],',
        "unit/test_tokens.py",
    ),
    Control("a token is of our issuer", "auth/tokens.py", "issuer=self._issuer,", "", "unit/test_tokens.py"),
    Control("clocks may differ a little", "auth/tokens.py", "leeway=self._leeway,", "", "unit/test_tokens.py"),
    Control(
        "critical extensions are refused", "auth/tokens.py", 'if "crit" in head:', "if False:", "unit/test_tokens.py"
    ),
    Control(
        "a withdrawn key ends its tokens",
        "auth/tokens.py",
        "generation != self._keys.generation or",
        "",
        "unit/test_tokens.py",
    ),
    Control(
        "each caller has a rate",
        "desk.py",
        "call.headers = await self.limits.check(",
        "_ = (",
        "contract/test_controls.py::test_the_rate_is_told_and_kept",
    ),
    Control(
        "callers learn what is left",
        "limits/enforce.py",
        'return plan.policy, (b"ratelimit", plan.state % left)',
        "return ()",
        "unit/test_limits.py",
    ),
    Control(
        "a refused caller learns when",
        "limits/enforce.py",
        "raise plan.refusal(refused, cost) from None",
        "raise RateLimited('no')",
        "unit/test_limits.py",
    ),
    Control(
        "limits without Redis are told", "limits/shared.py", "self._degraded.set(1)", "", "unit/test_shared_limits.py"
    ),
    Control(
        "limits go on without Redis",
        "limits/shared.py",
        "caller.set_result(self._fallback.hit(*kind))",
        "caller.set_exception(RemoteUnavailable('away'))",
        "unit/test_shared_limits.py",
    ),
    Control(
        "Redis is used again",
        "limits/shared.py",
        "back = await self._probe()",
        "back = False",
        "unit/test_shared_limits.py",
    ),
    Control(
        "what cannot be in time is refused",
        "batching.py",
        "if time.perf_counter() + wait > call.deadline:",
        "if False:",
        "unit/test_batching.py",
    ),
    Control(
        "the queue is bounded",
        "batching.py",
        "if self._rows and self._rows + rows > self._most:",
        "if False:",
        "unit/test_batching.py",
    ),
    Control(
        "a passed deadline ends the wait",
        "batching.py",
        "if now > waiting.call.deadline:",
        "if False:",
        "unit/test_batching.py",
    ),
    Control(
        "the caller's deadline counts",
        "desk.py",
        "call.began + _patience(call)",
        "call.began + math.inf",
        "contract/test_controls.py::test_what_cannot_be_in_time_is_refused_at_once",
    ),
    Control(
        "refused by the head, before decoding",
        "intake.py",
        "        if wait is not None:\n            self._refuse(asked, request, host, wait)\n        elif",
        "        if False:\n            pass\n        elif",
        "unit/test_intake.py",
    ),
    Control(
        "an overload ends with the crowd",
        "intake.py",
        " or ahead + self._everybody(host) <= left else wait",
        " else wait",
        "unit/test_intake.py",
    ),
    Control(
        "several who come new are let in at once",
        "http/server.py",
        "for one in several(sock)]",
        "for one in [sock]]",
        "unit/test_protocol.py",
    ),
    Control(
        "nothing is read behind the last request",
        "http/strict.py",
        "        if self.deaf:  # an answer",
        "        if False:  # an answer",
        "unit/test_turned_away.py",
    ),
    Control(
        "large bodies are decoded in turn", "decoding.py", "async with self._free:", "if True:", "unit/test_decoding.py"
    ),
    Control(
        "bodies are limited in size",
        "http/asgi.py",
        "if size > limit:",
        "if False:",
        "unit/test_asgi.py",
    ),
    Control(
        "bodies are limited in rows",
        "desk.py",
        "if rows > self.settings.max_rows:",
        "if False:",
        "contract/test_predict.py::test_limits_are_those_of_the_settings",
    ),
    Control(
        "requests are limited in time",
        "http/protocol.py",
        "            self._time_out()\n\n",
        "            pass\n\n",
        "unit/test_protocol.py",
    ),
    Control(
        "idle connections end",
        "http/protocol.py",
        "if turn is Turn.NOBODY and waited > self.bounds.keep_alive_seconds:",
        "if False:",
        "unit/test_protocol.py",
    ),
    Control(
        "connections are limited in number",
        "http/protocol.py",
        "if len(self.connections) > self.bounds.max_connections:",
        "if False:",
        "unit/test_protocol.py",
    ),
    Control("heads are limited in size", "http/heads.py", "if size > limit:", "if False:", "unit/test_protocol.py"),
    Control(
        "no request can be smuggled",
        "http/heads.py",
        'if name == b"transfer-encoding" and (',
        "if False and (",
        "unit/test_protocol.py",
    ),
    Control(
        "nobody gets another's answer",
        "batching.py",
        "zip(batch, answers, strict=True)",
        "zip(batch, reversed(answers), strict=True)",
        "unit/test_batching.py",
    ),
    Control(
        "nobody fails for another's rows",
        "batching.py",
        "return [self._answers([waiting], waiting.decoded.rows)[0] for waiting in batch]",
        "return [ModelFailed('all')] * len(batch)",
        "unit/test_batching.py",
    ),
    Control(
        "slow models run in a thread",
        "batching.py",
        "if batch and self._seconds(rows) <= IN_LOOP:",
        "if batch:",
        "unit/test_batching.py",
    ),
    Control(
        "old answers are not repeated", "cache.py", "or self._clock() - kept[0] > self._fresh", "", "unit/test_cache.py"
    ),
    Control(
        "the cache is bounded", "cache.py", "while self._bytes > self._most:", "while False:", "unit/test_cache.py"
    ),
    Control("the cache knows the model", "cache.py", "key=digest[-64:].encode()", "", "unit/test_cache.py"),
    Control(
        "a promotion drops the cache",
        "desk.py",
        "self.cache.clear()",
        "pass",
        "contract/test_controls.py::test_a_new_model_drops_the_cache",
    ),
    Control(
        "a CDN may ask whether it changed",
        "http/kept.py",
        "return Response(status_code=304, headers=told)",
        "pass",
        "contract/test_controls.py::test_what_has_not_changed_is_not_sent_again",
    ),
    Control("models are told apart", "models.py", "if name == served.approval.model and", "if", "unit/test_models.py"),
    Control(
        "an outage opens the breaker",
        "remote.py",
        "if self._failures >= self._policy.failures:",
        "if False:",
        "unit/test_remote.py",
    ),
    Control("retries have a budget", "remote.py", "or self._saved < 1", "", "unit/test_remote.py"),
    Control(
        "attempts are limited in time",
        "remote.py",
        "asyncio.timeout(self.policy.timeout)",
        "asyncio.timeout(None)",
        "unit/test_remote.py",
    ),
    Control(
        "retries are spread",
        "remote.py",
        "random.uniform(0, self.policy.backoff * 2**number)",
        "0",
        "unit/test_remote.py",
    ),
    Control("a stand-in is marked", "degrade.py", "call.degraded = self._policy", "", "unit/test_degrade.py"),
    Control(
        "a stand-in is counted",
        "degrade.py",
        "self._metrics.degraded.labels(self._policy).inc()",
        "",
        "unit/test_degrade.py",
    ),
    Control(
        "a stand-in fits",
        "degrade.py",
        "if simpler is None or not fits(simpler, served):",
        "if simpler is None:",
        "unit/test_degrade.py",
    ),
    Control("golden rows are checked", "serving.py", "session.check(found.golden)", "", "unit/test_serving.py"),
    Control(
        "a bad bundle leaves the old one",
        "serving.py",
        "told, self.problem = self.problem, _anew(error)",
        "told, self._served, self.problem = self.problem, None, _anew(error)",
        "unit/test_serving.py",
    ),
    Control(
        "paths make no series",
        "http/asgi.py",
        'getattr(scope["route"], "path", call.route)',
        'scope["path"]',
        "contract/test_controls.py::test_hostile_callers_make_no_new_series",
    ),
    Control("secrets stay out of logs", "redaction.py", "text = _SECRET.sub(_kept, text)", "", "unit/test_logs.py"),
    Control(
        "log lines cannot be forged", "redaction.py", "text = _DECEPTIVE.sub(", "_DECEPTIVE.sub(", "unit/test_logs.py"
    ),
    Control(
        "features stay out of logs",
        "desk.py",
        "if self.settings.log_features:",
        "if True:",
        "contract/test_logs.py",
    ),
    Control("traces join the caller's", "tracing.py", "call.trace_id = trace_id.decode()", "", "unit/test_tracing.py"),
    Control("callers cannot flood the traces", "tracing.py", "if self._left < 1:", "if False:", "unit/test_tracing.py"),
    Control(
        "load does not flood the traces",
        "tracing.py",
        "self._quiet and self._own.take()",
        "self._quiet",
        "unit/test_tracing.py",
    ),
    Control(
        "health checks leave the traces to predictions",
        "http/observe.py",
        'parent, scope["path"])',
        "parent)",
        "contract/test_traces.py",
    ),
    Control(
        "each decision is recorded",
        "desk.py",
        "await self.audit.record(call, decoded.canonical(), outputs.tolist())",
        "pass",
        "contract/test_controls.py::test_every_decision_is_recorded_whatever_the_protocol",
    ),
    Control("inputs are kept as keyed hashes", "audit/audit.py", "hashed.update(input)", "", "unit/test_audit.py"),
    Control(
        "an altered record is found",
        "audit/check.py",
        "elif found.prev != before:",
        "elif False:",
        "unit/test_audit_verify.py",
    ),
    Control(
        "a dropped record is found",
        "audit/check.py",
        "if found.seq != wanted:",
        "if False:",
        "unit/test_audit_verify.py",
    ),
    Control(
        "a cut trail is found",
        "audit/check.py",
        "        if self._known:\n",
        "        if False:\n",
        "unit/test_audit_verify.py",
    ),
    Control(
        "heads are signed",
        "audit/head.py",
        "key.verify(signature, self._payload())",
        "",
        "unit/test_audit_verify.py",
    ),
    Control(
        "a full disk refuses",
        "audit/losses.py",
        "        group.refuse(failed)",
        "        group.keep()",
        "unit/test_audit.py",
    ),
    Control("what was shed is told", "audit/losses.py", "self._shed += count", "", "unit/test_audit.py"),
    Control(
        "not ready while stopping",
        "desk.py",
        'return "Stopping"',
        'return ""',
        "contract/test_lifecycle.py::test_while_it_drains_it_is_not_ready_and_answers_all_the_same",
    ),
    Control(
        "stopping lets requests finish",
        "http/protocol.py",
        "self.cycle.keep_alive = False",
        "self.transport.close()",
        "contract/test_lifecycle.py::test_requests_in_flight_are_answered_before_it_ends",
    ),
    Control(
        "a worker that ends is replaced",
        "supervisor.py",
        "if time.monotonic() >= place.due:",
        "if not self._announced:",
        "contract/test_lifecycle.py::test_a_worker_that_is_killed_is_replaced_and_its_counts_stay",
    ),
    Control(
        "a worker that hangs is replaced",
        "supervisor.py",
        "if worker.silent() > patience:",
        "if False:",
        "contract/test_lifecycle.py::test_a_worker_that_hangs_is_replaced",
    ),
    Control(
        "answers are not sniffed",
        "http/observe.py",
        '((b"x-content-type-options", b"nosniff"),)',
        "()",
        "contract/test_controls.py::test_every_answer_is_headed_safely",
    ),
    Control(
        "TLS is to stay",
        "http/observe.py",
        "(*SECURE, STRICT_TRANSPORT) if tls else SECURE",
        "SECURE",
        "contract/test_tls.py::test_tls_from_1_2_on_and_health_and_renewal",
    ),
    Control(
        "client certificates are demanded",
        "tls.py",
        "context.verify_mode = ssl.CERT_REQUIRED",
        "context.verify_mode = ssl.CERT_OPTIONAL",
        "contract/test_tls.py::test_mutual_tls_lets_in_who_has_a_certificate_and_the_health_probe",
    ),
    Control(
        "renewed certificates are taken up",
        "tls.py",
        "self._load(self.context)\n            self.not_after",
        "self.not_after",
        "contract/test_tls.py::test_tls_from_1_2_on_and_health_and_renewal",
    ),
    Control(
        "faults tell nothing",
        "http/observe.py",
        "error if isinstance(error, ServiceError) else fault()",
        "error if isinstance(error, ServiceError) else ServiceError(str(error))",
        "contract/test_errors.py::test_faults_of_ours",
    ),
    Control(
        "requests ahead of their answers are bounded",
        "http/strict.py",
        "if len(self.pipeline) >= AHEAD:",
        "if False:",
        "unit/test_protocol.py::test_requests_ahead_of_their_answers_are_not_read_without_end",
    ),
    Control(
        "nothing is read on while requests wait",
        "http/strict.py",
        "            return\n        self.flow.resume_reading()\n",
        "            self.flow.resume_reading()\n            return\n        self.flow.resume_reading()\n",
        "unit/test_protocol.py::test_nothing_is_read_on_while_requests_wait",
    ),
    Control(
        "a length is one that can be read",
        "http/heads.py",
        'if name == b"content-length" and len(value) > LENGTH_DIGITS:',
        "if False:",
        "unit/test_protocol.py",
    ),
    Control(
        "who asked and sends no more is answered",
        "http/strict.py",
        "cycle.keep_alive = False\n        return True",
        "return False",
        "unit/test_protocol.py::test_whoever_asked_and_sends_no_more_reads_the_answers",
    ),
    Control(
        "a pause is no lasting overload",
        "decoding.py",
        "if self._bytes else 0.0",
        "if True else 0.0",
        "unit/test_decoding.py",
    ),
    Control(
        "no output is sent twice",
        "http/openinference.py",
        "if output.name in names:",
        "if False:",
        "contract/test_openinference.py",
    ),
    Control(
        "what is no number is no answer",
        "batching.py",
        "answers if np.isfinite(outputs).all() else list(map(_finite, answers))",
        "answers",
        "unit/test_batching.py",
    ),
    Control(
        "a stand-in has learned what it is asked",
        "degrade.py",
        "if one.features == other.features:",
        "if True:",
        "unit/test_degrade.py",
    ),
    Control(
        "a default is a probability",
        "degrade.py",
        "(default >= 0).all() and abs(default.sum() - 1) <= NEARLY",
        "True",
        "unit/test_degrade.py",
    ),
    Control(
        "the disk is tried again though nobody asks",
        "desk.py",
        "self.audit.retry()",
        "pass",
        "contract/test_controls.py::test_after_a_full_disk_it_is_ready_again_before_anybody_asks",
    ),
    Control(
        "changes are looked for whatever went wrong",
        "desk.py",
        "except Exception:",
        "except ValueError:",
        "contract/test_controls.py::test_keys_change_though_looking_for_changes_failed_once",
    ),
    Control(
        "what could not be read is read later",
        "serving.py",
        "self._tried = None\n",
        "pass\n",
        "unit/test_serving.py::test_what_could_not_be_read_is_read_as_soon_as_it_can_be",
    ),
    Control(
        "keys that could not be read are read later",
        "auth/keys.py",
        "state = _state(self._path)",
        "self._state = state = _state(self._path)",
        "unit/test_auth.py",
    ),
    Control(
        "who reads the keys still can after a change",
        "auth/key_file.py",
        "os.fchmod(handle, old.st_mode & 0o777)",
        "pass",
        "unit/test_auth.py",
    ),
    Control(
        "the issuer's keys grow old by a steady clock",
        "auth/tokens.py",
        "pause=pause, clock=timer)",
        "pause=pause, clock=clock)",
        "unit/test_tokens.py",
    ),
]
