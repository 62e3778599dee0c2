//! Structs whose fields are metrics, declared with their names in Prometheus.

use prometheus::core::{MetricVec, MetricVecBuilder};

/// Declares a struct of metrics: each field with its kind, its name, its description and its labels. `registered` makes
/// one, whose metrics the registry then has. `counters` and `gauges` have labels.
macro_rules! metrics {
    (
        $(#[$of_struct:meta])*
        $vis:vis struct $type:ident {
            $($(#[$about:meta])* $of_field:vis $field:ident: $kind:ident($name:literal, $help:literal $(, $label:literal)*);)+
        }
    ) => {
        $(#[$of_struct])*
        #[derive(Clone)]
        $vis struct $type { $($(#[$about])* $of_field $field: $crate::metrics::metric!(type $kind),)+ }

        impl $type {
            pub(crate) fn registered(registry: &prometheus::Registry) -> prometheus::Result<Self> {
                Ok($type { $($field: $crate::metrics::metric!(new $kind, registry, $name, $help $(, $label)*)?,)+ })
            }
        }
    };
}

/// The type of each kind of metric, and its constructor.
macro_rules! metric {
    (type counter) => { prometheus::IntCounter };
    (type counters) => { prometheus::IntCounterVec };
    (type gauge) => { prometheus::IntGauge };
    (type gauges) => { prometheus::IntGaugeVec };
    (type decimal_gauge) => { prometheus::Gauge };
    (new counter, $registry:expr, $name:literal, $help:literal) => {
        prometheus::register_int_counter_with_registry!($name, $help, $registry)
    };
    (new counters, $registry:expr, $name:literal, $help:literal $(, $label:literal)*) => {
        prometheus::register_int_counter_vec_with_registry!($name, $help, &[$($label),*], $registry)
    };
    (new gauge, $registry:expr, $name:literal, $help:literal) => {
        prometheus::register_int_gauge_with_registry!($name, $help, $registry)
    };
    (new gauges, $registry:expr, $name:literal, $help:literal $(, $label:literal)*) => {
        prometheus::register_int_gauge_vec_with_registry!($name, $help, &[$($label),*], $registry)
    };
    (new decimal_gauge, $registry:expr, $name:literal, $help:literal) => {
        prometheus::register_gauge_with_registry!($name, $help, $registry)
    };
}

pub(crate) use {metric, metrics};

/// Creates the series of each value of the one label: a counter that begins at 1 hides its first increase.
pub(crate) fn begin<T: MetricVecBuilder>(
    metric: &MetricVec<T>,
    values: impl IntoIterator<Item = &'static str>,
) {
    for value in values {
        metric.with_label_values(&[value]);
    }
}
