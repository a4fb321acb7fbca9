//! What the collector finds in the books when the load is over: those of the embedded host, and those of its portal.

use super::{
    collector::Collector,
    portal_books::{PortalBooks, alarm_rows, payout_rows, portal_summary},
    portal_findings::portal_findings,
    statement::{settlements, statement},
};
use crate::{
    host::Host,
    metrics::{Phase, PortalChecks, PortalFinding, Severity, Summary},
    reconcile::{Findings, Identity},
    time::Instant,
};
use std::time::Duration;

impl Collector {
    /// Compares the journals with the books of the embedded host, and checks those of its portal.
    pub(super) fn reconcile(&mut self) -> Option<Findings> {
        if let Some(web) = self.start.web.take() {
            web.stop();
        }
        let server = self.start.host.take()?;
        self.publish(Phase::Reconciling);
        // The host may stop before it has done what is due right now.
        let until = self.start.clock.now().since(Instant::START).saturating_sub(STOPPING_MAX);
        let (host, kept) = server.finish();
        if let Err(error) = kept {
            self.not_valid(format!("{error}; the host stopped, the run is not valid"));
        }
        self.settlements = settlements(&host);
        let mut comparison = self.journals.take()?.against(Identity::Number, &[]);
        statement(&host).for_each(|row| comparison.row(row));
        self.tell(|observer| observer.statement(&mut statement(&host)));
        let mut findings = comparison.finish();
        for mismatch in findings.mismatches.iter().take(MISMATCHES_TOLD) {
            self.event_of(Severity::Error, format!("reconciliation: {}", mismatch.told()));
        }
        if let Some(checks) = self.check_portal(&host, Instant::START + until) {
            findings.summary.add_portal(checks);
        }
        Some(findings)
    }

    /// Checks what the portal of the embedded host has done, and tells of it.
    fn check_portal(&mut self, host: &Host, until: Instant) -> Option<PortalChecks> {
        let (portal, found) = (host.portal()?, portal_findings(host, until)?);
        self.portal = Some(portal_summary(portal));
        for PortalFinding { fault, meaning } in found.listed.iter().take(MISMATCHES_TOLD) {
            self.event_of(Severity::Error, format!("portal: {fault}: {meaning}"));
        }
        let (payouts, alarms) = (&mut payout_rows(portal), &mut alarm_rows(portal));
        self.tell(|observer| observer.portal(PortalBooks { payouts, alarms, findings: &found.listed }));
        self.portal_findings = found.listed;
        self.portal_findings.truncate(Summary::MISMATCHES_MAX);
        Some(found.checks)
    }
}

const MISMATCHES_TOLD: usize = 20;
/// How long before the end of a run something must be due to be called lost.
const STOPPING_MAX: Duration = Duration::from_secs(1);
