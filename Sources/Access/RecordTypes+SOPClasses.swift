// SPDX-License-Identifier: Apache-2.0

import DICOMData

extension RecordTypes {
  /// The type of an object by its SOP class: the one table. Empty for what has none (raw data, protocols, hanging protocols,
  /// implant templates, and SOP classes that the Standard does not define): only a grant that is not narrowed by type opens
  /// it.
  package init(sopClassUID: String) {
    self = Self.byUID[sopClassUID] ?? []
  }

  /// The keywords of the SOP classes of each type. What shows how images are to be seen, and what is computed from images
  /// voxel by voxel, goes with the images.
  package static let keywords: [(type: RecordTypes, keywords: String)] = [
    (
      .images,
      """
      StoredPrintStorage HardcopyGrayscaleImageStorage HardcopyColorImageStorage ComputedRadiographyImageStorage
      DigitalXRayImageStorageForPresentation DigitalXRayImageStorageForProcessing
      DigitalMammographyXRayImageStorageForPresentation DigitalMammographyXRayImageStorageForProcessing
      DigitalIntraOralXRayImageStorageForPresentation DigitalIntraOralXRayImageStorageForProcessing
      StandaloneModalityLUTStorage StandaloneVOILUTStorage GrayscaleSoftcopyPresentationStateStorage
      SegmentedVolumeRenderingVolumetricPresentationStateStorage
      MultipleVolumeRenderingVolumetricPresentationStateStorage
      VariableModalityLUTSoftcopyPresentationStateStorage ColorSoftcopyPresentationStateStorage
      PseudoColorSoftcopyPresentationStateStorage BlendingSoftcopyPresentationStateStorage
      XAXRFGrayscaleSoftcopyPresentationStateStorage GrayscalePlanarMPRVolumetricPresentationStateStorage
      CompositingPlanarMPRVolumetricPresentationStateStorage AdvancedBlendingPresentationStateStorage
      VolumeRenderingVolumetricPresentationStateStorage XRayAngiographicImageStorage EnhancedXAImageStorage
      XRayRadiofluoroscopicImageStorage EnhancedXRFImageStorage XRayAngiographicBiPlaneImageStorage
      PositronEmissionTomographyImageStorage LegacyConvertedEnhancedPETImageStorage StandalonePETCurveStorage
      XRay3DAngiographicImageStorage XRay3DCraniofacialImageStorage BreastTomosynthesisImageStorage
      BreastProjectionXRayImageStorageForPresentation BreastProjectionXRayImageStorageForProcessing
      EnhancedPETImageStorage IntravascularOpticalCoherenceTomographyImageStorageForPresentation
      IntravascularOpticalCoherenceTomographyImageStorageForProcessing CTImageStorage EnhancedCTImageStorage
      LegacyConvertedEnhancedCTImageStorage NuclearMedicineImageStorage UltrasoundMultiFrameImageStorageRetired
      UltrasoundMultiFrameImageStorage ParametricMapStorage MRImageStorage EnhancedMRImageStorage
      MRSpectroscopyStorage EnhancedMRColorImageStorage LegacyConvertedEnhancedMRImageStorage
      NuclearMedicineImageStorageRetired DICOSCTImageStorage DICOSDigitalXRayImageStorageForPresentation
      DICOSDigitalXRayImageStorageForProcessing DICOS2DAITStorage DICOS3DAITStorage
      DICOSQuadrupoleResonanceStorage UltrasoundImageStorageRetired UltrasoundImageStorage EnhancedUSVolumeStorage
      PhotoacousticImageStorage EddyCurrentImageStorage EddyCurrentMultiFrameImageStorage ThermographyImageStorage
      ThermographyMultiFrameImageStorage SpatialRegistrationStorage DeformableSpatialRegistrationStorage
      SegmentationStorage SurfaceSegmentationStorage TractographyResultsStorage LabelMapSegmentationStorage
      HeightMapSegmentationStorage RealWorldValueMappingStorage SurfaceScanMeshStorage
      SurfaceScanPointCloudStorage SecondaryCaptureImageStorage MultiFrameSingleBitSecondaryCaptureImageStorage
      MultiFrameGrayscaleByteSecondaryCaptureImageStorage MultiFrameGrayscaleWordSecondaryCaptureImageStorage
      MultiFrameTrueColorSecondaryCaptureImageStorage VLImageStorageTrial VLEndoscopicImageStorage
      VideoEndoscopicImageStorage VLMicroscopicImageStorage VideoMicroscopicImageStorage
      VLSlideCoordinatesMicroscopicImageStorage VLPhotographicImageStorage VideoPhotographicImageStorage
      OphthalmicPhotography8BitImageStorage OphthalmicPhotography16BitImageStorage StereometricRelationshipStorage
      OphthalmicTomographyImageStorage WideFieldOphthalmicPhotographyStereographicProjectionImageStorage
      WideFieldOphthalmicPhotography3DCoordinatesImageStorage
      OphthalmicOpticalCoherenceTomographyEnFaceImageStorage
      OphthalmicOpticalCoherenceTomographyBscanVolumeAnalysisStorage VLWholeSlideMicroscopyImageStorage
      DermoscopicPhotographyImageStorage ConfocalMicroscopyImageStorage
      ConfocalMicroscopyTiledPyramidalImageStorage VLMultiFrameImageStorageTrial StandaloneOverlayStorage
      OphthalmicThicknessMapStorage CornealTopographyMapStorage KeyObjectSelectionDocumentStorage
      StandaloneCurveStorage
      """
    ),
    (
      .reports,
      """
      DICOSThreatDetectionReportStorage SpectaclePrescriptionReportStorage
      MacularGridThicknessAndVolumeReportStorage TextSRStorageTrial BasicTextSRStorage AudioSRStorageTrial
      EnhancedSRStorage DetailSRStorageTrial ComprehensiveSRStorage Comprehensive3DSRStorage ExtensibleSRStorage
      ComprehensiveSRStorageTrial ProcedureLogStorage MammographyCADSRStorage ChestCADSRStorage ColonCADSRStorage
      ImplantationPlanSRStorage ContentAssessmentResultsStorage
      """
    ),
    (
      .documents,
      """
      EncapsulatedPDFStorage EncapsulatedCDAStorage EncapsulatedSTLStorage EncapsulatedOBJStorage
      EncapsulatedMTLStorage
      """
    ),
    (
      .waveforms,
      """
      WaveformStorageTrial TwelveLeadECGWaveformStorage GeneralECGWaveformStorage AmbulatoryECGWaveformStorage
      General32bitECGWaveformStorage HemodynamicWaveformStorage CardiacElectrophysiologyWaveformStorage
      BasicVoiceAudioWaveformStorage GeneralAudioWaveformStorage ArterialPulseWaveformStorage
      RespiratoryWaveformStorage MultichannelRespiratoryWaveformStorage
      RoutineScalpElectroencephalogramWaveformStorage ElectromyogramWaveformStorage
      ElectrooculogramWaveformStorage SleepElectroencephalogramWaveformStorage BodyPositionWaveformStorage
      """
    ),
    (
      .radiotherapy,
      """
      RTImageStorage RTPhysicianIntentStorage RTSegmentAnnotationStorage RTRadiationSetStorage
      CArmPhotonElectronRadiationStorage TomotherapeuticRadiationStorage RoboticArmRadiationStorage
      RTRadiationRecordSetStorage RTRadiationSalvageRecordStorage TomotherapeuticRadiationRecordStorage
      CArmPhotonElectronRadiationRecordStorage RTDoseStorage RoboticRadiationRecordStorage
      RTRadiationSetDeliveryInstructionStorage RTTreatmentPreparationStorage EnhancedRTImageStorage
      EnhancedContinuousRTImageStorage RTPatientPositionAcquisitionInstructionStorage RTStructureSetStorage
      RTBeamsTreatmentRecordStorage RTPlanStorage RTBrachyTreatmentRecordStorage RTTreatmentSummaryRecordStorage
      RTIonPlanStorage RTIonBeamsTreatmentRecordStorage RTBeamsDeliveryInstructionStorageTrial
      RTBrachyApplicationSetupDeliveryInstructionStorage RTBeamsDeliveryInstructionStorage
      """
    ),
    (
      .measurements,
      """
      SpatialFiducialsStorage LensometryMeasurementsStorage AutorefractionMeasurementsStorage
      KeratometryMeasurementsStorage SubjectiveRefractionMeasurementsStorage VisualAcuityMeasurementsStorage
      OphthalmicAxialMeasurementsStorage IntraocularLensCalculationsStorage
      OphthalmicVisualFieldStaticPerimetryMeasurementsStorage XRayRadiationDoseSRStorage
      RadiopharmaceuticalRadiationDoseSRStorage AcquisitionContextSRStorage SimplifiedAdultEchoSRStorage
      PatientRadiationDoseSRStorage PlannedImagingAgentAdministrationSRStorage
      PerformedImagingAgentAdministrationSRStorage EnhancedXRayRadiationDoseSRStorage WaveformAnnotationSRStorage
      MicroscopyBulkSimpleAnnotationsStorage
      """
    ),
  ]

  /// Those of no type.
  package static let untyped = """
    MediaStorageDirectoryStorage BasicStructuredDisplayStorage CTDefinedProcedureProtocolStorage
    CTPerformedProcedureProtocolStorage ProtocolApprovalStorage XADefinedProcedureProtocolStorage
    XAPerformedProcedureProtocolStorage InventoryStorage RawDataStorage HangingProtocolStorage ColorPaletteStorage
    GenericImplantTemplateStorage ImplantAssemblyTemplateStorage ImplantTemplateGroupStorage
    """

  private static let byUID: [String: RecordTypes] = {
    var types: [String: RecordTypes] = [:]
    for (type, list) in keywords {
      let named = Set(list.split(whereSeparator: \.isWhitespace).map(String.init))
      for entry in UIDRegistry.entries where named.contains(entry.keyword) { types[entry.uid] = type }
    }
    return types
  }()
}
